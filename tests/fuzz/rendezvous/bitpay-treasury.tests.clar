;; bitpay-treasury under @stacks/rendezvous: what calls of any kind, by anyone, at any time must leave true.
;;
;; `any-*` do what could make sense: their numbers choose among what exists, so that most calls succeed.

;; -- Choosing

(define-private (a-proposal (n uint)) (pick n (var-get proposal-count)))

(define-private (newest (n uint))
  (- (+ (var-get proposal-count) u1) (pick n (least (var-get proposal-count) u32))))

(define-private (is-open (id uint)) (is-ok (open-proposal id)))

(define-private (to-approve (n uint)) (get found (fold find-to-approve OFFSETS { from: n, found: none })))

(define-private (find-to-approve (offset uint) (so-far { from: uint, found: (optional uint) }))
  (let ((id (newest (+ (get from so-far) offset))))
    (if (and (is-none (get found so-far)) (is-open id) (not (has-approved id contract-caller)))
      (merge so-far { found: (some id) })
      so-far)))

(define-private (approved (n uint)) (get found (fold find-approved OFFSETS { from: n, found: none })))

(define-private (find-approved (offset uint) (so-far { from: uint, found: (optional uint) }))
  (let ((id (newest (+ (get from so-far) offset))))
    (if (and (is-none (get found so-far)) (is-open id) (has-approved id contract-caller))
      (merge so-far { found: (some id) })
      so-far)))

(define-private (ready (n uint)) (get found (fold find-ready OFFSETS { from: n, found: none })))

(define-private (find-ready (offset uint) (so-far { from: uint, found: (optional uint) }))
  (let ((id (newest (+ (get from so-far) offset))))
    (if (and (is-none (get found so-far)) (is-open id) (has-waited id))
      (merge so-far { found: (some id) })
      so-far)))

(define-private (has-waited (id uint))
  (match (map-get? proposals id)
    proposal (match (get ready-at proposal) at (>= stacks-block-time (+ at TIMELOCK)) false)
    false))

;; -- Doing

;; Fees come from here.
(define-public (any-open (recipient principal) (n uint) (ticks uint))
  (contract-call? .bitpay-core create-stream recipient (+ u1 (mod (* n u7) u10000000000)) (+ u1 (mod ticks u5000))))

;; Somebody sends the vault sats without being asked.
(define-public (any-stray (n uint))
  (contract-call? 'SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token transfer
    (+ u1 (mod n u5000)) tx-sender .bitpay-sbtc-helper none))

(define-public (any-pause (n uint))
  (begin
    (asserts! (is-eq (mod n u64) u0) NOTHING)
    (contract-call? .bitpay-access-control pause)))

(define-public (any-withdrawal (to principal) (n uint))
  (propose-withdrawal to (+ u1 (mod n (+ u1 (/ (get-balance) u4)))) u""))

(define-public (any-threshold (n uint)) (propose-threshold (+ u1 (mod n u4))))

(define-public (any-fees (creation uint) (marketplace uint))
  (propose-fees (mod creation u101) (mod marketplace u501)))

(define-public (any-limit (n uint)) (propose-limit (mod n u200000000)))

(define-public (any-approve (n uint)) (approve-proposal (unwrap! (to-approve n) NOTHING)))

(define-public (any-approve-too (n uint)) (approve-proposal (unwrap! (to-approve n) NOTHING)))

(define-public (any-approve-again (n uint)) (approve-proposal (unwrap! (to-approve n) NOTHING)))

(define-public (any-revoke (n uint))
  (begin
    (asserts! (is-eq (mod n u4) u0) NOTHING)
    (revoke-approval (unwrap! (approved n) NOTHING))))

(define-public (any-execute (n uint)) (execute-proposal (unwrap! (ready n) NOTHING)))

;; Tries one that may not have waited, and notes it should that ever succeed.
(define-public (any-execute-now (n uint))
  (let (
      (id (newest n))
      (early (not (has-waited id)))
    )
    (try! (execute-proposal id))
    (ok (and early (var-set executed-early (+ (var-get executed-early) u1))))))

(define-data-var executed-early uint u0)

;; -- Remembering: which proposals are settled

(define-map settled uint (string-ascii 9))

(define-public (remember (n uint))
  (let ((id (a-proposal n)))
    (match (map-get? proposals id)
      proposal (ok (or (is-eq (get status proposal) PENDING) (map-set settled id (get status proposal))))
      (ok true))))

;; What was executed or cancelled stays so.
(define-read-only (invariant-settled-stays-settled (n uint))
  (let ((id (a-proposal n)))
    (match (map-get? settled id)
      status (is-eq status (get status (unwrap-panic (map-get? proposals id))))
      true)))

;; -- Invariants

;; 10. The admins are at least as many as have to agree, and at least one has to.
(define-read-only (invariant-the-council-can-decide)
  (let (
      (admins (contract-call? .bitpay-access-control get-admins))
      (threshold (contract-call? .bitpay-access-control get-threshold))
    )
    (and
      (>= threshold u1)
      (>= (len admins) threshold)
      (is-eq (len admins) (fold count-admin admins u0)))))

(define-private (count-admin (who principal) (count uint))
  (if (contract-call? .bitpay-access-control is-admin who) (+ count u1) count))

;; 10. Nothing was executed before its time.
(define-read-only (invariant-nothing-was-executed-early) (is-eq (var-get executed-early) u0))

;; 10. Whatever was executed had been ready, and had waited from then on.
(define-read-only (invariant-executed-had-waited (n uint))
  (let ((id (a-proposal n)))
    (match (map-get? proposals id)
      proposal (or
        (not (is-eq (get status proposal) EXECUTED))
        (and
          (has-waited id)
          (<= (get created-at proposal) (default-to u0 (get ready-at proposal)))))
      true)))

;; 10. The approvals that count are those of present admins.
(define-read-only (invariant-approvals-are-the-admins (n uint))
  (let ((id (a-proposal n)))
    (match (get-proposal id)
      proposal (is-eq (get approvals proposal)
        (get count (fold count-approver (contract-call? .bitpay-access-control get-admins)
          { of: id, count: u0 })))
      true)))

(define-private (count-approver (who principal) (so-far { of: uint, count: uint }))
  (if (has-approved (get of so-far) who)
    (merge so-far { count: (+ (get count so-far) u1) })
    so-far))

;; No fee is ever above its cap.
(define-read-only (invariant-fees-are-capped)
  (let ((fees (contract-call? .bitpay-access-control get-fees)))
    (and (<= (get creation fees) u100) (<= (get marketplace fees) u500))))

;; Ready is what had enough approvals at some moment, and never before it was made.
(define-read-only (invariant-a-status-is-true (n uint))
  (match (get-proposal (a-proposal n))
    proposal (let ((status (get status proposal)))
      (if (is-eq status APPROVED)
        (and
          (>= (get approvals proposal) (contract-call? .bitpay-access-control get-threshold))
          (< stacks-block-time (get expires-at proposal)))
        (if (is-eq status EXPIRED)
          (>= stacks-block-time (get expires-at proposal))
          true)))
    true))

;; -- Properties

;; An admin's proposal is his approval; a stranger's is none at all.
(define-public (test-proposing-is-approving (who principal))
  (let (
      (count (var-get proposal-count))
      (threshold (contract-call? .bitpay-access-control get-threshold))
    )
    (match (propose-grant-operator who)
      id (begin
        (asserts! (contract-call? .bitpay-access-control is-admin contract-caller) (err u9301))
        (asserts! (is-eq id (+ count u1)) (err u9302))
        (asserts! (has-approved id contract-caller) (err u9303))
        (asserts! (is-eq (err u605) (approve-proposal id)) (err u9304))
        (asserts!
          (is-eq (execute-proposal id) (if (> threshold u1) (err u607) (err u608)))
          (err u9305))
        (ok true))
      code (begin
        (asserts! (not (contract-call? .bitpay-access-control is-admin contract-caller)) (err u9306))
        (asserts! (and (is-eq code u600) (is-eq count (var-get proposal-count))) (err u9307))
        (ok true)))))

;; One more approval is one more that counts; from the threshold on the time runs.
(define-public (test-an-approval-counts (n uint))
  (let ((id (default-to u0 (to-approve n))))
    (match (get-proposal id)
      proposal (if (not (contract-call? .bitpay-access-control is-admin contract-caller))
        (begin
          (asserts! (is-eq (err u600) (approve-proposal id)) (err u9341))
          (asserts! (is-eq (some proposal) (get-proposal id)) (err u9342))
          (ok true))
        (begin
          (try! (approve-proposal id))
          (asserts!
            (is-eq (get approvals (get-proposal id)) (some (+ u1 (get approvals proposal))))
            (err u9343))
          (asserts!
            (is-eq
              (is-eq (get status (get-proposal id)) (some APPROVED))
              (>= (+ u1 (get approvals proposal)) (contract-call? .bitpay-access-control get-threshold)))
            (err u9344))
          (ok true)))
      (ok false))))

;; An approval that is taken back no longer counts.
(define-public (test-a-revoked-approval-does-not-count (who principal))
  (if (not (contract-call? .bitpay-access-control is-admin contract-caller))
    (ok false)
    (let ((id (try! (propose-add-admin who))))
      (try! (revoke-approval id))
      (asserts! (not (has-approved id contract-caller)) (err u9311))
      (asserts! (is-eq (some u0) (get approvals (get-proposal id))) (err u9312))
      (asserts! (is-err (execute-proposal id)) (err u9313))
      (asserts! (is-eq (err u606) (revoke-approval id)) (err u9314))
      (ok true))))

;; Nothing is executed before its time, and trying changes nothing.
(define-public (test-nothing-is-executed-early (n uint))
  (let (
      (id (a-proposal n))
      (before (map-get? proposals id))
      (balance (get-balance))
    )
    (if (or (is-none before) (has-waited id))
      (ok false)
      (begin
        (asserts! (is-err (execute-proposal id)) (err u9321))
        (asserts! (is-eq before (map-get? proposals id)) (err u9322))
        (asserts! (is-eq balance (get-balance)) (err u9323))
        (ok true)))))

;; Fees above their caps are not even put to a vote.
(define-public (test-fees-above-a-cap-are-refused (creation uint) (marketplace uint))
  (let (
      (count (var-get proposal-count))
      (too-much (or (> (mod creation u200) u100) (> (mod marketplace u1000) u500)))
      (proposed (propose-fees (mod creation u200) (mod marketplace u1000)))
    )
    (asserts! (or (not too-much) (is-eq proposed (err u114))) (err u9331))
    (asserts! (or (is-ok proposed) (is-eq count (var-get proposal-count))) (err u9332))
    (ok true)))
