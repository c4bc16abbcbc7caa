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

(define-public (any-offer (n uint) (price uint) (expiry uint))
  (contract-call? .bitpay-marketplace make-offer
    (pick n (contract-call? .bitpay-core get-stream-count))
    (+ u1000 (mod price u2000000))
    u0
    true
    (+ stacks-block-time u1 (mod expiry u9000000))))

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

(define-public (any-execute (n uint)) (execute (unwrap! (ready n) NOTHING)))

;; Tries one that may not have waited, and notes it should that ever succeed.
(define-public (any-execute-now (n uint))
  (let (
      (id (newest n))
      (early (not (has-waited id)))
    )
    (try! (execute id))
    (ok (and early (var-set executed-early (+ (var-get executed-early) u1))))))

(define-data-var executed-early uint u0)

;; Executes, and notes it should a stream or an offer be another afterwards.
(define-private (execute (id uint))
  (let ((before (what-is-owed)))
    (try! (execute-proposal id))
    (ok (or
      (is-eq before (what-is-owed))
      (var-set changed-by-executing (+ (var-get changed-by-executing) u1))))))

(define-data-var changed-by-executing uint u0)

;; All that the newest streams and offers say, and what the vault keeps for all of them.
(define-private (what-is-owed)
  {
    core: (contract-call? .bitpay-sbtc-helper get-account .bitpay-core),
    marketplace: (contract-call? .bitpay-sbtc-helper get-account .bitpay-marketplace),
    streams: (map stream-facts OFFSETS),
    offers: (map offer-facts OFFSETS),
  })

(define-private (stream-facts (offset uint))
  (let ((id (minus (contract-call? .bitpay-core get-stream-count) offset)))
    {
      stream: (contract-call? .bitpay-core get-stream id),
      schedule: (contract-call? .bitpay-core get-schedule id),
      holder: (contract-call? .bitpay-core get-holder id),
      status: (contract-call? .bitpay-core get-status id),
      due: (contract-call? .bitpay-core get-withdrawable-amount id),
      refundable: (contract-call? .bitpay-core get-refundable-amount id),
    }))

(define-private (offer-facts (offset uint))
  (contract-call? .bitpay-marketplace get-offer
    (minus (contract-call? .bitpay-marketplace get-offer-count) offset)))

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

;; 16. No executed proposal changed a stream or an offer.
(define-read-only (invariant-executing-changed-no-stream-or-offer) (is-eq (var-get changed-by-executing) u0))

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

;; 11. Of two equal streams, listings and offers, the second says while paused what the first said before. What is new
;; business is refused, and goes on after the pause. The treasury is sender and holder, and may pause and unpause.
(define-public (test-a-pause-stops-new-business-only
    (n uint)
    (ticks uint)
    (elapsed uint)
    (part uint)
    (to principal)
    (renounce bool))
  (begin
    (and (contract-call? .bitpay-access-control is-paused) (try! (contract-call? .bitpay-access-control unpause)))
    (try! (contract-call? 'SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token transfer
      u100000000 tx-sender current-contract none))
    (let (
        (first (try! (begin-business n ticks elapsed)))
        (second (try! (begin-business n ticks elapsed)))
        (third (try! (begin-business n ticks elapsed)))
        (offer (try! (contract-call? .bitpay-marketplace make-offer (get stream third) u1000 u0 true LATE)))
        (said (go-on first part to renounce))
      )
      (try! (contract-call? .bitpay-access-control pause))
      (asserts! (is-eq said (go-on second part to renounce)) (err u9351))
      (asserts! (is-eq (err u103) (contract-call? .bitpay-core create-stream to u1000 u10)) (err u9352))
      (asserts! (is-eq (err u103) (contract-call? .bitpay-core top-up-stream (get stream third) u1000)) (err u9353))
      (asserts!
        (is-eq (err u103) (contract-call? .bitpay-marketplace list-stream (get stream third) u1000 none))
        (err u9354))
      (asserts!
        (is-eq (err u103) (contract-call? .bitpay-marketplace update-listing (get listing third) u2000))
        (err u9355))
      (asserts!
        (is-eq (err u103) (contract-call? .bitpay-marketplace purchase-stream (get listing third) u1000 u0 true))
        (err u9356))
      (asserts!
        (is-eq (err u103)
          (contract-call? .bitpay-marketplace make-offer (get stream third) u1000 u0 true LATE))
        (err u9357))
      (asserts! (is-eq (err u103) (contract-call? .bitpay-marketplace accept-offer offer)) (err u9358))
      (try! (contract-call? .bitpay-access-control unpause))
      (try! (contract-call? .bitpay-marketplace update-listing (get listing third) u2000))
      (try! (contract-call? .bitpay-marketplace accept-offer offer))
      (ok true))))

(define-constant LATE u253402300799)

;; A running stream from the treasury to itself, listed, and an offer by the treasury for a stream of somebody's.
(define-private (begin-business (n uint) (ticks uint) (elapsed uint))
  (let (
      (duration (+ u1 (mod ticks u100000)))
      (id (try! (as-contract? ((with-all-assets-unsafe))
        (try! (contract-call? .bitpay-core open-stream current-contract (+ u1 (mod n u5000000))
          {
            clock: "seconds",
            start: (some (minus stacks-block-time (mod elapsed duration))),
            duration: duration,
            cliff: u0,
            upfront: u0,
            at-cliff: u0,
            step: u1,
          }
          { cancelable: true, transferable: true, memo: u"" })))))
      (wanted (try! (contract-call? .bitpay-core create-stream tx-sender u1000 u100)))
    )
    (ok {
      stream: id,
      listing: (try! (contract-call? .bitpay-marketplace list-stream id u1000 none)),
      offer: (try! (as-contract? ((with-all-assets-unsafe))
        (try! (contract-call? .bitpay-marketplace make-offer wanted u1000 u0 true LATE)))),
    })))

;; What everything says that must go on while paused, one after the other.
(define-private (go-on
    (business { stream: uint, listing: uint, offer: uint })
    (part uint)
    (to principal)
    (renounce bool))
  (let (
      (id (get stream business))
      (due (unwrap-panic (contract-call? .bitpay-core get-withdrawable-amount id)))
      (listing (contract-call? .bitpay-marketplace cancel-listing (get listing business)))
      (offer (contract-call? .bitpay-marketplace cancel-offer (get offer business)))
      (proposed (contract-call? .bitpay-core propose-sender id (some current-contract)))
      (accepted (contract-call? .bitpay-core accept-sender id))
      (withdrawn (contract-call? .bitpay-core withdraw-to id (some (+ u1 (mod part (+ u1 due)))) to))
      (batch (contract-call? .bitpay-core withdraw-many (list id)))
      (renounced (if renounce (contract-call? .bitpay-core renounce-cancel id) (ok false)))
      (cancelled (contract-call? .bitpay-core cancel-stream id))
      (burned (contract-call? .bitpay-core burn-obligation id))
      (handed (contract-call? .bitpay-core withdraw-and-transfer id to))
    )
    {
      listing: listing,
      offer: offer,
      proposed: proposed,
      accepted: accepted,
      withdrawn: withdrawn,
      batch: batch,
      renounced: renounced,
      cancelled: cancelled,
      burned: burned,
      handed: handed,
      by-itself: (contract-call? .bitpay-core withdraw-from-stream id),
      council: (is-ok (propose-limit part)),
    }))
