;; bitpay-treasury: what the admins decide together
;;
;; The treasury's account collects fees. Spending it, and changing anything that bitpay-access-control keeps,
;; takes a proposal: enough admins approve, the timelock passes, anyone executes. There is no other path. No
;; proposal, whoever executes it, can touch a stream or an offer.
;;
;; Times are unix seconds, amounts sats.

(define-constant ERR_NOT_ADMIN (err u600))
(define-constant ERR_UNKNOWN_PROPOSAL (err u601))
(define-constant ERR_NOT_PROPOSER (err u602))
(define-constant ERR_PROPOSAL_CLOSED (err u603))
(define-constant ERR_PROPOSAL_EXPIRED (err u604))
(define-constant ERR_ALREADY_APPROVED (err u605))
(define-constant ERR_NOT_APPROVED (err u606))
(define-constant ERR_TOO_FEW_APPROVALS (err u607))
(define-constant ERR_TIMELOCK (err u608))
(define-constant ERR_AMOUNT_OUT_OF_RANGE (err u609))
(define-constant ERR_VAULT_AS_RECIPIENT (err u610))
(define-constant ERR_THRESHOLD_OUT_OF_RANGE (err u611))
(define-constant ERR_ABOVE_LIMIT (err u612))
(define-constant ERR_TOO_MANY_WITHDRAWALS (err u613))

;; Seconds between the approval that made a proposal ready and its execution.
(define-constant TIMELOCK u86400)

;; Seconds after which a proposal can no longer be approved or executed.
(define-constant LIFETIME u604800)

;; Withdrawals of the last so many seconds together stay within the limit.
(define-constant WINDOW u86400)

;; 21 million BTC in sats.
(define-constant MAX_SATS u2100000000000000)

;; As many as bitpay-access-control has room for.
(define-constant MAX_ADMINS u10)

(define-constant PENDING "pending")
(define-constant APPROVED "approved")
(define-constant EXPIRED "expired")
(define-constant EXECUTED "executed")
(define-constant CANCELLED "cancelled")

;; -- State

(define-data-var proposal-count uint u0)

;; `subject` and the values mean what the kind says. `ready-at` is when an approval last raised the count to the
;; threshold. Of the statuses only pending, executed and cancelled are stored.
(define-map proposals uint {
  kind: (string-ascii 32),
  proposer: principal,
  subject: (optional principal),
  value: uint,
  value-2: uint,
  created-at: uint,
  ready-at: (optional uint),
  status: (string-ascii 9),
})

(define-map descriptions uint (string-utf8 256))

;; The term in which an admin approved. It counts while he is an admin in that same term.
(define-map approvals { proposal-id: uint, who: principal } uint)

;; Sats that may leave the treasury in any WINDOW; 1 BTC at first.
(define-data-var limit uint u100000000)

;; The withdrawals of the last WINDOW, and perhaps older ones.
(define-data-var withdrawals (list 24 { at: uint, amount: uint }) (list))

;; -- Proposing: an admin's; it is his approval too. Each returns the proposal's id.

(define-public (propose-withdrawal
    (recipient principal)
    (amount uint)
    (description (string-utf8 256)))
  (begin
    (asserts! (and (>= amount u1) (<= amount MAX_SATS)) ERR_AMOUNT_OUT_OF_RANGE)
    (asserts! (not (is-eq recipient .bitpay-sbtc-helper)) ERR_VAULT_AS_RECIPIENT)
    (propose "withdrawal" (some recipient) amount u0 description)))

(define-public (propose-add-admin (who principal)) (propose "add-admin" (some who) u0 u0 u""))

(define-public (propose-remove-admin (who principal)) (propose "remove-admin" (some who) u0 u0 u""))

;; Whether there are so many admins is asked when it is executed: there may be more by then, or fewer.
(define-public (propose-threshold (n uint))
  (begin
    (asserts! (and (>= n u1) (<= n MAX_ADMINS)) ERR_THRESHOLD_OUT_OF_RANGE)
    (propose "threshold" none n u0 u"")))

(define-public (propose-grant-operator (who principal))
  (propose "grant-operator" (some who) u0 u0 u""))

(define-public (propose-revoke-operator (who principal))
  (propose "revoke-operator" (some who) u0 u0 u""))

(define-public (propose-fees (creation-bps uint) (marketplace-bps uint))
  (begin
    (try! (contract-call? .bitpay-access-control check-fees creation-bps marketplace-bps))
    (propose "fees" none creation-bps marketplace-bps u"")))

(define-public (propose-limit (sats uint))
  (begin
    (asserts! (<= sats MAX_SATS) ERR_AMOUNT_OUT_OF_RANGE)
    (propose "limit" none sats u0 u"")))

(define-public (propose-sweep-surplus) (propose "sweep-surplus" none u0 u0 u""))

(define-public (propose-unpause) (propose "unpause" none u0 u0 u""))

;; -- Deciding

(define-public (approve-proposal (id uint))
  (let (
      (proposal (try! (open-proposal id)))
      (term (try! (check-admin)))
      (council (contract-call? .bitpay-access-control get-council))
      (before (count-approvals id (get members council)))
      (after (+ before u1))
      (ready-at (ready-from (get ready-at proposal) before after (get threshold council)))
    )
    (asserts! (not (is-eq (some term) (get-approval id contract-caller))) ERR_ALREADY_APPROVED)
    (map-set approvals { proposal-id: id, who: contract-caller } term)
    (map-set proposals id (merge proposal { ready-at: ready-at }))
    (print {
      event: "proposal-approved",
      v: u1,
      proposal-id: id,
      admin: contract-caller,
      approvals: after,
      ready-at: ready-at,
    })
    (ok true)))

(define-public (revoke-approval (id uint))
  (begin
    (try! (open-proposal id))
    (asserts! (has-approved id contract-caller) ERR_NOT_APPROVED)
    (map-delete approvals { proposal-id: id, who: contract-caller })
    (print {
      event: "approval-revoked",
      v: u1,
      proposal-id: id,
      admin: contract-caller,
      approvals: (count-approvals id (get members (contract-call? .bitpay-access-control get-council))),
    })
    (ok true)))

;; Its proposer's, while he is an admin.
(define-public (cancel-proposal (id uint))
  (let ((proposal (try! (open-proposal id))))
    (try! (check-admin))
    (asserts! (is-eq contract-caller (get proposer proposal)) ERR_NOT_PROPOSER)
    (map-set proposals id (merge proposal { status: CANCELLED }))
    (print { event: "proposal-cancelled", v: u1, proposal-id: id, by: contract-caller })
    (ok true)))

;; Anyone's, once the timelock has passed. If the action fails the whole call fails and the proposal stays.
(define-public (execute-proposal (id uint))
  (let (
      (proposal (try! (open-proposal id)))
      (kind (get kind proposal))
      (council (contract-call? .bitpay-access-control get-council))
      (ready-at (unwrap! (get ready-at proposal) ERR_TOO_FEW_APPROVALS))
    )
    (asserts!
      (>= (count-approvals id (get members council)) (get threshold council))
      ERR_TOO_FEW_APPROVALS)
    (asserts! (>= stacks-block-time (+ ready-at TIMELOCK)) ERR_TIMELOCK)
    (map-set proposals id (merge proposal { status: EXECUTED }))
    (try! (act id kind
      ;; kinds without a subject have no use for one
      (default-to current-contract (get subject proposal))
      (get value proposal)
      (get value-2 proposal)))
    (print {
      event: "proposal-executed",
      v: u1,
      proposal-id: id,
      kind: kind,
      by: contract-caller,
    })
    (ok true)))

;; -- Reads

(define-read-only (get-proposal (id uint))
  (let (
      (proposal (unwrap! (map-get? proposals id) none))
      (council (contract-call? .bitpay-access-control get-council))
      (count (count-approvals id (get members council)))
    )
    (some (merge proposal {
      description: (default-to u"" (map-get? descriptions id)),
      expires-at: (+ (get created-at proposal) LIFETIME),
      approvals: count,
      status: (status-of
        (get status proposal)
        (get created-at proposal)
        (>= count (get threshold council))),
    }))))

(define-read-only (get-proposal-count) (var-get proposal-count))

;; Whether `who` has approved and that approval counts now.
(define-read-only (has-approved (id uint) (who principal))
  (match (contract-call? .bitpay-access-control get-term who)
    term (is-eq (some term) (get-approval id who))
    false))

;; What the treasury can spend, in sats.
(define-read-only (get-balance) (contract-call? .bitpay-sbtc-helper get-account current-contract))

(define-read-only (get-limit) (var-get limit))

(define-read-only (get-spent-in-window) (fold add-amount (recent-withdrawals) u0))

;; -- Checks and calculation

;; The caller's term.
(define-private (check-admin)
  (ok (unwrap! (contract-call? .bitpay-access-control get-term contract-caller) ERR_NOT_ADMIN)))

;; A proposal that can still be decided on.
(define-private (open-proposal (id uint))
  (let ((proposal (unwrap! (map-get? proposals id) ERR_UNKNOWN_PROPOSAL)))
    (asserts! (is-eq (get status proposal) PENDING) ERR_PROPOSAL_CLOSED)
    (asserts! (not (is-expired (get created-at proposal))) ERR_PROPOSAL_EXPIRED)
    (ok proposal)))

(define-private (is-expired (created-at uint)) (>= stacks-block-time (+ created-at LIFETIME)))

(define-private (status-of (stored (string-ascii 9)) (created-at uint) (enough bool))
  (if (not (is-eq stored PENDING))
    stored
    (if (is-expired created-at) EXPIRED (if enough APPROVED PENDING))))

(define-private (get-approval (id uint) (who principal))
  (map-get? approvals { proposal-id: id, who: who }))

(define-private (count-approvals (id uint) (members (list 10 { who: principal, term: uint })))
  (get count (fold count-approval members { id: id, count: u0 })))

(define-private (count-approval
    (member { who: principal, term: uint })
    (so-far { id: uint, count: uint }))
  (if (is-eq (some (get term member)) (get-approval (get id so-far) (get who member)))
    (merge so-far { count: (+ (get count so-far) u1) })
    so-far))

;; From when the timelock runs, after an approval. A proposal that has enough because the threshold was lowered
;; meanwhile has waited for nothing yet: its next approval starts the clock.
(define-private (ready-from (ready-at (optional uint)) (before uint) (after uint) (threshold uint))
  (if (and (>= after threshold) (or (< before threshold) (is-none ready-at)))
    (some stacks-block-time)
    ready-at))

(define-private (recent-withdrawals) (filter is-recent (var-get withdrawals)))

(define-private (is-recent (withdrawal { at: uint, amount: uint }))
  (< stacks-block-time (+ (get at withdrawal) WINDOW)))

(define-private (add-amount (withdrawal { at: uint, amount: uint }) (sum uint))
  (+ sum (get amount withdrawal)))

;; -- Parts with effects

(define-private (propose
    (kind (string-ascii 32))
    (subject (optional principal))
    (value uint)
    (value-2 uint)
    (description (string-utf8 256)))
  (let (
      (term (try! (check-admin)))
      (id (+ (var-get proposal-count) u1))
      (now stacks-block-time)
      (ready-at (ready-from none u0 u1 (contract-call? .bitpay-access-control get-threshold)))
    )
    (var-set proposal-count id)
    (map-insert proposals id {
      kind: kind,
      proposer: contract-caller,
      subject: subject,
      value: value,
      value-2: value-2,
      created-at: now,
      ready-at: ready-at,
      status: PENDING,
    })
    (if (is-eq description u"") true (map-insert descriptions id description))
    (map-insert approvals { proposal-id: id, who: contract-caller } term)
    (print {
      event: "proposal-created",
      v: u1,
      proposal-id: id,
      kind: kind,
      proposer: contract-caller,
      subject: subject,
      value: value,
      value-2: value-2,
      description: description,
      created-at: now,
      expires-at: (+ now LIFETIME),
      ready-at: ready-at,
    })
    (ok id)))

;; What each kind of proposal does.
(define-private (act
    (id uint)
    (kind (string-ascii 32))
    (subject principal)
    (value uint)
    (value-2 uint))
  (if (is-eq kind "withdrawal") (withdraw id value subject)
  (if (is-eq kind "add-admin") (contract-call? .bitpay-access-control add-admin subject)
  (if (is-eq kind "remove-admin") (contract-call? .bitpay-access-control remove-admin subject)
  (if (is-eq kind "threshold") (contract-call? .bitpay-access-control set-threshold value)
  (if (is-eq kind "grant-operator") (contract-call? .bitpay-access-control grant-operator subject)
  (if (is-eq kind "revoke-operator") (contract-call? .bitpay-access-control revoke-operator subject)
  (if (is-eq kind "fees") (contract-call? .bitpay-access-control set-fees value value-2)
  (if (is-eq kind "limit") (set-limit value)
  (if (is-eq kind "sweep-surplus") (sweep)
  (contract-call? .bitpay-access-control unpause)))))))))))

(define-private (withdraw (id uint) (amount uint) (to principal))
  (let ((recent (recent-withdrawals)))
    (asserts! (<= (+ (fold add-amount recent u0) amount) (var-get limit)) ERR_ABOVE_LIMIT)
    (var-set withdrawals
      (unwrap!
        (as-max-len? (append recent { at: stacks-block-time, amount: amount }) u24)
        ERR_TOO_MANY_WITHDRAWALS))
    (try! (contract-call? .bitpay-sbtc-helper payout amount to))
    (print {
      event: "treasury-withdrawal",
      v: u1,
      proposal-id: id,
      recipient: to,
      amount: amount,
    })
    (ok true)))

(define-private (set-limit (sats uint))
  (begin
    (var-set limit sats)
    (print { event: "limit-changed", v: u1, limit: sats })
    (ok true)))

(define-private (sweep) (begin (try! (contract-call? .bitpay-sbtc-helper sweep)) (ok true)))
