;; bitpay-core under @stacks/rendezvous: what calls of any kind, by anyone, at any time must leave true.
;;
;; `any-*` do what could make sense: their numbers choose among what exists, so that most calls succeed.

;; -- Choosing

(define-private (a-stream (n uint)) (pick n (var-get stream-count)))

(define-private (holder-is-caller (id uint)) (is-eq (some contract-caller) (get-holder id)))

(define-private (sender-is-caller (id uint))
  (match (map-get? parties id) sides (is-eq contract-caller (get sender sides)) false))

(define-private (held (n uint))
  (get found (fold find-held OFFSETS { from: n, count: (var-get stream-count), found: none })))

(define-private (find-held (offset uint) (so-far { from: uint, count: uint, found: (optional uint) }))
  (let ((id (pick (+ (get from so-far) offset) (get count so-far))))
    (if (and (is-none (get found so-far)) (holder-is-caller id)) (merge so-far { found: (some id) }) so-far)))

(define-private (sent (n uint))
  (get found (fold find-sent OFFSETS { from: n, count: (var-get stream-count), found: none })))

(define-private (find-sent (offset uint) (so-far { from: uint, count: uint, found: (optional uint) }))
  (let ((id (pick (+ (get from so-far) offset) (get count so-far))))
    (if (and (is-none (get found so-far)) (sender-is-caller id)) (merge so-far { found: (some id) }) so-far)))

;; One of the caller's that is pending or streaming.
(define-private (running (n uint))
  (get found (fold find-running OFFSETS { from: n, count: (var-get stream-count), found: none })))

(define-private (find-running (offset uint) (so-far { from: uint, count: uint, found: (optional uint) }))
  (let ((id (pick (+ (get from so-far) offset) (get count so-far))))
    (if (and
        (is-none (get found so-far))
        (sender-is-caller id)
        (> (unwrap-panic (get-remaining-amount id)) u0))
      (merge so-far { found: (some id) })
      so-far)))

(define-private (proposed (n uint))
  (get found (fold find-proposed OFFSETS { from: n, count: (var-get stream-count), found: none })))

(define-private (find-proposed (offset uint) (so-far { from: uint, count: uint, found: (optional uint) }))
  (let ((id (pick (+ (get from so-far) offset) (get count so-far))))
    (if (and (is-none (get found so-far)) (is-eq (some contract-caller) (get-proposed-sender id)))
      (merge so-far { found: (some id) })
      so-far)))

;; A schedule that is in order, of any form, begun or not.
(define-private (some-schedule
    (sats uint)
    (ticks uint)
    (cliff uint)
    (upfront uint)
    (at-cliff uint)
    (step uint)
    (begun uint)
    (in-seconds bool))
  (let (
      (duration (+ u1 (mod ticks (if in-seconds u6000000 u10000))))
      (first (if (is-eq (mod cliff u3) u0) (mod (/ cliff u3) duration) u0))
      (at-once (if (is-eq (mod upfront u3) u0) (mod (/ upfront u3) (+ sats u1)) u0))
    )
    {
      clock: (clock-name in-seconds),
      start: (if (is-eq (mod begun u3) u0)
        none
        (some (minus (+ (now in-seconds) (/ duration u2)) (mod begun (* u2 duration))))),
      duration: duration,
      cliff: first,
      upfront: at-once,
      at-cliff: (if (> first u0) (mod at-cliff (+ (- sats at-once) u1)) u0),
      step: (if (is-eq (mod step u2) u0) u1 (+ u1 (mod (/ step u2) (- duration first)))),
    }))

(define-private (some-sats (n uint)) (+ u1 (mod n u5000000)))

;; -- Doing

(define-public (any-open
    (recipient principal)
    (n uint)
    (ticks uint)
    (cliff uint)
    (upfront uint)
    (at-cliff uint)
    (step uint)
    (begun uint)
    (in-seconds bool)
    (cancelable bool)
    (transferable bool))
  (begin
    (asserts! (< (var-get stream-count) MOST) NOTHING)
    (open-stream recipient (some-sats n)
      (some-schedule (some-sats n) ticks cliff upfront at-cliff step begun in-seconds)
      { cancelable: cancelable, transferable: transferable, memo: u"" })))

(define-public (any-open-line (recipient principal) (n uint) (ticks uint))
  (begin
    (asserts! (< (var-get stream-count) MOST) NOTHING)
    (create-stream recipient (some-sats n) (+ u1 (mod ticks u10000)))))

(define-public (any-open-curve
    (recipient principal)
    (n uint)
    (after-1 uint)
    (after-2 uint)
    (total-1 uint)
    (total-2 uint)
    (in-seconds bool))
  (let (
      (sats (some-sats n))
      (first (+ u1 (mod after-1 u5000)))
      (second (+ first (mod after-2 u5000)))
      (early (mod total-1 (+ sats u1)))
      (middle (+ early (mod total-2 (+ (- sats early) u1))))
    )
    (asserts! (< (var-get stream-count) MOST) NOTHING)
    (open-curve-stream recipient sats (clock-name in-seconds) none
      (list
        { after: first, total: early }
        { after: second, total: middle }
        { after: (+ second u1 (mod n u5000)), total: sats })
      { cancelable: (is-eq (mod n u2) u0), transferable: true, memo: u"" })))

(define-public (any-withdraw (n uint)) (withdraw-from-stream (a-stream n)))

(define-public (any-withdraw-to (n uint) (part uint) (to principal))
  (let ((id (unwrap! (held n) NOTHING)))
    (withdraw-to id
      (if (is-eq (mod part u3) u0)
        none
        (some (+ u1 (mod part (+ u1 (try! (get-withdrawable-amount id)))))))
      to)))

(define-public (any-withdraw-and-transfer (n uint) (to principal))
  (withdraw-and-transfer (unwrap! (held n) NOTHING) to))

(define-public (any-withdraw-many (a uint) (b uint) (c uint))
  (withdraw-many (list (a-stream a) (a-stream b) (a-stream c) (a-stream a))))

(define-public (any-transfer (n uint) (to principal))
  (contract-call? .bitpay-obligation-nft transfer (unwrap! (held n) NOTHING) tx-sender to))

(define-public (any-cancel (n uint)) (cancel-stream (unwrap! (running n) NOTHING)))

(define-public (any-cancel-many (a uint) (b uint))
  (cancel-many (list (unwrap! (running a) NOTHING) (unwrap! (sent b) NOTHING))))

(define-public (any-renounce (n uint)) (renounce-cancel (unwrap! (running n) NOTHING)))

(define-public (any-top-up (n uint) (sats uint))
  (top-up-stream (unwrap! (running n) NOTHING) (some-sats sats)))

(define-public (any-propose-sender (n uint) (who (optional principal)))
  (propose-sender (unwrap! (sent n) NOTHING) who))

(define-public (any-accept-sender (n uint)) (accept-sender (unwrap! (proposed n) NOTHING)))

(define-public (any-burn (n uint)) (burn-obligation (unwrap! (held n) NOTHING)))

;; -- Remembering: what was once so of a stream

(define-map remembered uint { vested: uint, rank: uint })

(define-private (rank (status (string-ascii 9)))
  (if (is-eq status "pending") u0
  (if (is-eq status "streaming") u1
  (if (is-eq status "depleted") u3 u2))))

(define-public (remember (n uint))
  (let ((id (a-stream n)))
    (ok (map-set remembered id {
      vested: (try! (get-vested-amount id)),
      rank: (rank (try! (get-status id))),
    }))))

;; 3, 5. What has vested never falls; a status only moves forward.
(define-read-only (invariant-nothing-goes-back (n uint))
  (let ((id (a-stream n)))
    (match (map-get? remembered id)
      before (and
        (>= (unwrap-panic (get-vested-amount id)) (get vested before))
        (>= (rank (unwrap-panic (get-status id))) (get rank before)))
      true)))

;; -- Invariants

;; 1. Core's account is what its streams are still owed.
(define-read-only (invariant-account-is-what-is-owed)
  (or
    (> (var-get stream-count) MOST)
    (is-eq (fold add-row OFFSETS u0) (contract-call? .bitpay-sbtc-helper get-account .bitpay-core))))

(define-private (add-row (row uint) (sum uint))
  (if (>= (* row u32) (var-get stream-count))
    sum
    (get sum (fold add-owed OFFSETS { base: (* row u32), sum: sum }))))

(define-private (add-owed (offset uint) (so-far { base: uint, sum: uint }))
  (match (map-get? streams (+ u1 (get base so-far) offset))
    stream (merge so-far {
      sum: (+ (get sum so-far)
        (- (get amount stream) (get withdrawn stream) (get refunded stream))),
    })
    so-far))

;; 3. amount >= vested >= withdrawn, and what the reads say fits together.
(define-read-only (invariant-a-stream-adds-up (n uint))
  (let ((id (a-stream n)))
    (match (map-get? streams id)
      stream (let (
          (vested (unwrap-panic (get-vested-amount id)))
          (remaining (unwrap-panic (get-remaining-amount id)))
          (refundable (unwrap-panic (get-refundable-amount id)))
        )
        (and
          (>= (get amount stream) vested)
          (>= vested (get withdrawn stream))
          (is-eq (unwrap-panic (get-withdrawable-amount id)) (- vested (get withdrawn stream)))
          (is-eq (get amount stream) (+ vested remaining (get refunded stream)))
          (is-eq refundable (if (get cancelable stream) remaining u0))))
      true)))

;; 4. What each status means.
(define-read-only (invariant-a-status-is-true (n uint))
  (let ((id (a-stream n)))
    (match (map-get? streams id)
      stream (let (
          (status (unwrap-panic (get-status id)))
          (vested (unwrap-panic (get-vested-amount id)))
          (due (unwrap-panic (get-withdrawable-amount id)))
          (refundable (unwrap-panic (get-refundable-amount id)))
          (refunded (get refunded stream))
          (withdrawn (get withdrawn stream))
          (amount (get amount stream))
        )
        (if (is-eq status "pending")
          (is-eq u0 (+ vested withdrawn refunded))
          (if (is-eq status "streaming")
            (and (is-eq refunded u0) (< vested amount))
            (if (is-eq status "settled")
              (and (is-eq vested amount) (is-eq refundable u0) (> due u0))
              (if (is-eq status "cancelled")
                (and (> refunded u0) (is-eq refundable u0) (> due u0))
                (and
                  (is-eq status "depleted")
                  (is-eq withdrawn (- amount refunded))
                  (is-eq due u0)))))))
      true)))

;; 3, 6. Vested rises from u0 before the start to all at the end, whatever two moments are compared.
(define-read-only (invariant-vested-rises (n uint) (a uint) (b uint))
  (let ((id (a-stream n)))
    (match (map-get? streams id)
      stream (let (
          (start (get start stream))
          (end (get end stream))
          (span (+ u2 (- end start)))
          (one (+ start (mod a span)))
          (other (+ start (mod b span)))
          (early (unwrap-panic (get-vested-amount-at id (least one other))))
          (late (unwrap-panic (get-vested-amount-at id (if (< one other) other one))))
          (all (- (get amount stream) (get refunded stream)))
        )
        (and
          (<= early late)
          (<= late all)
          (is-eq (unwrap-panic (get-vested-amount-at id end)) all)
          (or
            (> (get refunded stream) u0)
            (is-eq start u0)
            (is-eq u0 (unwrap-panic (get-vested-amount-at id (- start u1)))))))
      true)))

;; 7. Steps are never ahead of the same stream without them.
(define-read-only (invariant-steps-are-never-ahead (n uint) (a uint))
  (let ((id (a-stream n)))
    (match (map-get? shapes id)
      shape (let (
          (stream (unwrap-panic (map-get? streams id)))
          (start (get start stream))
          (duration (- (get end stream) start))
          (elapsed (mod a duration))
        )
        (<=
          (vested-on-shape (get amount stream) duration shape elapsed)
          (vested-on-shape (get amount stream) duration (merge shape { step: u1 }) elapsed)))
      true)))

;; 7. A line is the curve of its two points.
(define-read-only (invariant-a-line-is-a-curve (n uint) (a uint))
  (let ((id (a-stream n)))
    (match (map-get? streams id)
      stream (let (
          (start (get start stream))
          (duration (- (get end stream) start))
          (elapsed (mod a duration))
        )
        (or
          (not (is-eq (get form stream) LINE))
          (> (get refunded stream) u0)
          (is-eq
            (unwrap-panic (get-vested-amount-at id (+ start elapsed)))
            (vested-on-curve
              { afters: (list u0 duration), totals: (list u0 (get amount stream)) }
              elapsed))))
      true)))

;; 8. The token of a stream that is not depleted exists; a receipt says what was paid.
(define-read-only (invariant-tokens-tell-the-truth (n uint))
  (let ((id (a-stream n)))
    (match (map-get? streams id)
      stream (if (is-eq (unwrap-panic (get-status id)) "depleted")
        (match (contract-call? .bitpay-nft get-receipt id)
          receipt (is-eq (get paid receipt) (get withdrawn stream))
          (is-eq (get withdrawn stream) u0))
        (and (is-some (get-holder id)) (is-none (contract-call? .bitpay-nft get-receipt id))))
      true)))

;; -- Properties

(define-private (seconds-ago (ticks uint) (elapsed uint))
  {
    clock: "seconds",
    start: (some (minus stacks-block-time (mod elapsed (* u2 (+ u1 (mod ticks u100000)))))),
    duration: (+ u1 (mod ticks u100000)),
    cliff: u0,
    upfront: u0,
    at-cliff: u0,
    step: u1,
  })

(define-constant USUAL { cancelable: true, transferable: true, memo: u"" })

;; 6. Two withdrawals pay what one would.
(define-public (test-parts-pay-what-one-withdrawal-would (n uint) (ticks uint) (elapsed uint) (part uint))
  (let (
      (id (try! (open-stream tx-sender (some-sats n) (seconds-ago ticks elapsed) USUAL)))
      (due (try! (get-withdrawable-amount id)))
      (first (mod part (+ due u1)))
      (before (sats-of tx-sender))
    )
    (and (> first u0) (is-eq first (try! (withdraw-to id (some first) tx-sender))))
    (and (> due first) (is-eq (- due first) (try! (withdraw-from-stream id))))
    (asserts! (is-eq (+ before due) (sats-of tx-sender)) (err u9101))
    (asserts! (is-eq u0 (try! (get-withdrawable-amount id))) (err u9102))
    (asserts! (is-err (withdraw-from-stream id)) (err u9103))
    (ok true)))

;; Cancelling splits the amount, to the sat, between sender and holder.
(define-public (test-cancelling-splits-exactly (holder principal) (n uint) (ticks uint) (elapsed uint))
  (let (
      (sats (some-sats n))
      (id (try! (open-stream holder sats (seconds-ago ticks elapsed) USUAL)))
      (vested (try! (get-vested-amount id)))
      (before (sats-of tx-sender))
    )
    (match (cancel-stream id)
      split (begin
        (asserts! (is-eq (get vested split) vested) (err u9111))
        (asserts! (is-eq (+ (get refunded split) vested) sats) (err u9112))
        (asserts! (is-eq (+ before (get refunded split)) (sats-of tx-sender)) (err u9113))
        (asserts! (is-eq vested (try! (get-withdrawable-amount id))) (err u9114))
        (asserts! (is-err (cancel-stream id)) (err u9115))
        (ok true))
      code (begin
        (asserts! (and (is-eq code u520) (is-eq vested sats)) (err u9116))
        (asserts! (is-eq before (sats-of tx-sender)) (err u9117))
        (ok true)))))

;; At no moment, past or future, is vested lower after a top-up.
(define-public (test-a-top-up-lowers-nothing (n uint) (more uint) (ticks uint) (elapsed uint) (moment uint))
  (let (
      (sats (some-sats n))
      (id (try! (open-stream tx-sender sats (seconds-ago ticks elapsed) USUAL)))
      (stream (unwrap! (map-get? streams id) ERR_UNKNOWN_STREAM))
      (at (+ (get start stream) (mod moment (* u2 (- (get end stream) (get start stream))))))
      (before (try! (get-vested-amount-at id at)))
    )
    (match (top-up-stream id (some-sats more))
      end (begin
        (asserts! (> end (get end stream)) (err u9121))
        (asserts! (>= (try! (get-vested-amount-at id at)) before) (err u9122))
        (asserts! (is-eq (try! (get-vested-amount-at id end)) (+ sats (some-sats more))) (err u9123))
        (ok true))
      code (begin
        (asserts! (or (is-eq code u520) (is-eq code u525)) (err u9124))
        (asserts! (is-eq (some stream) (map-get? streams id)) (err u9125))
        (ok false)))))

;; A quote is what will vest.
(define-public (test-a-quote-comes-true
    (n uint)
    (ticks uint)
    (cliff uint)
    (upfront uint)
    (at-cliff uint)
    (step uint)
    (begun uint)
    (moment uint)
    (in-seconds bool))
  (let (
      (sats (some-sats n))
      (schedule (some-schedule sats ticks cliff upfront at-cliff step begun in-seconds))
      (start (default-to (now in-seconds) (get start schedule)))
      (at (+ start (mod moment (* u2 (get duration schedule)))))
      (quoted (try! (quote sats schedule at)))
      (id (try! (open-stream tx-sender sats schedule USUAL)))
    )
    (asserts! (is-eq quoted (try! (get-vested-amount-at id at))) (err u9131))
    (ok true)))

;; 12, 13. Who is not the sender is told so, and nothing has changed.
(define-public (test-strangers-are-refused (n uint) (who principal))
  (let (
      (id (a-stream n))
      (stream (map-get? streams id))
      (sides (map-get? parties id))
      (before (sats-of tx-sender))
    )
    (if (or (is-none sides) (sender-is-caller id))
      (ok false)
      (begin
        (asserts! (is-eq (err u501) (renounce-cancel id)) (err u9141))
        (asserts! (is-eq (err u501) (propose-sender id (some who))) (err u9142))
        (asserts! (is-err (cancel-stream id)) (err u9143))
        (asserts! (is-eq (err u501) (top-up-stream id u1000)) (err u9144))
        (asserts! (is-eq stream (map-get? streams id)) (err u9145))
        (asserts! (is-eq sides (map-get? parties id)) (err u9146))
        (asserts! (is-eq before (sats-of tx-sender)) (err u9147))
        (ok true)))))

;; 14. In a batch, one that fails leaves the others as they would be alone.
(define-public (test-batches-are-their-calls (n uint) (ticks uint) (elapsed uint))
  (let (
      (sats (some-sats n))
      (order {
        recipient: tx-sender, amount: sats, schedule: (seconds-ago ticks elapsed), terms: USUAL,
      })
      (ids (try! (open-streams (list order order))))
      (first (unwrap! (element-at? ids u0) NOTHING))
      (second (unwrap! (element-at? ids u1) NOTHING))
      (due (try! (get-withdrawable-amount first)))
      (paid (unwrap-panic (withdraw-many (list first second first u0))))
      (expected (if (is-eq due u0) (err u518) (ok due)))
    )
    (asserts! (is-eq second (+ first u1)) (err u9151))
    (asserts! (is-eq paid (list expected expected (err u518) (err u500))) (err u9152))
    (ok true)))

;; So that the first tests have something to pick.
(define-public (test-opening-charges-amount-and-fee (holder principal) (n uint) (ticks uint))
  (let (
      (sats (some-sats n))
      (before (sats-of tx-sender))
      (treasury (contract-call? .bitpay-sbtc-helper get-account .bitpay-treasury))
      (id (try! (create-stream holder sats (+ u1 (mod ticks u1000)))))
      (fee (/ sats u1000))
    )
    (asserts! (is-eq before (+ (sats-of tx-sender) sats fee)) (err u9161))
    (asserts!
      (is-eq (+ treasury fee) (contract-call? .bitpay-sbtc-helper get-account .bitpay-treasury))
      (err u9162))
    (asserts! (is-eq (some holder) (get-holder id)) (err u9163))
    (ok true)))
