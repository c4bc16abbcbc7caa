;; bitpay-core: the streams
;;
;; A stream is money moved along a curve. `vested(t)` rises from u0 to the stream's amount, never falls, and is
;; computed, never stored. Whoever holds the stream's obligation NFT is paid what has vested; the sender's side
;; (to cancel and be refunded) moves by a two-step transfer. Money is pulled, never pushed, and lies in
;; bitpay-sbtc-helper.
;;
;; Units: amounts are sats. Times and durations are ticks of the stream's own clock, unix seconds or Stacks
;; blocks; a number of blocks never stands for a duration in days.
;;
;; Authority is `contract-caller`. The payer, and with it the first sender, is `tx-sender`, so that routers work.

(define-constant ERR_UNKNOWN_STREAM (err u500))
(define-constant ERR_NOT_SENDER (err u501))
(define-constant ERR_NOT_HOLDER (err u502))
(define-constant ERR_NOT_PROPOSED_SENDER (err u503))
(define-constant ERR_NOT_MARKETPLACE (err u504))
(define-constant ERR_AMOUNT_OUT_OF_RANGE (err u505))
(define-constant ERR_VAULT_AS_RECIPIENT (err u506))
(define-constant ERR_UNKNOWN_CLOCK (err u507))
(define-constant ERR_START_OUT_OF_RANGE (err u508))
(define-constant ERR_DURATION_OUT_OF_RANGE (err u509))
(define-constant ERR_END_OUT_OF_RANGE (err u510))
(define-constant ERR_CLIFF_OUT_OF_RANGE (err u511))
(define-constant ERR_AT_CLIFF_WITHOUT_CLIFF (err u512))
(define-constant ERR_UNLOCKS_OUT_OF_RANGE (err u513))
(define-constant ERR_STEP_OUT_OF_RANGE (err u514))
(define-constant ERR_EMPTY_CURVE (err u515))
(define-constant ERR_CURVE_NOT_RISING (err u516))
(define-constant ERR_CURVE_TOTAL (err u517))
(define-constant ERR_NOTHING_DUE (err u518))
(define-constant ERR_MORE_THAN_DUE (err u519))
(define-constant ERR_NOT_RUNNING (err u520))
(define-constant ERR_NOT_CANCELABLE (err u521))
(define-constant ERR_NO_CONSTANT_RATE (err u522))
(define-constant ERR_NOTHING_FLOWS (err u523))
(define-constant ERR_CLIFF_AHEAD (err u524))
(define-constant ERR_TOP_UP_TOO_SMALL (err u525))
(define-constant ERR_NOTHING_PROPOSED (err u526))
(define-constant ERR_NOT_DEPLETED (err u527))

;; 21 million BTC in sats.
(define-constant MAX_SATS u2100000000000000)

;; 2^40 ticks bound every start and duration, so that sats times ticks stays far below 2^128.
(define-constant MAX_TICKS u1099511627776)

;; The last second of the year 9999: beyond it common date libraries fail.
(define-constant MAX_UNIX_TIME u253402300799)

(define-constant BPS u10000)

;; How a stream's curve is kept. Most are plain lines and need no second map entry.
(define-constant LINE u0)
(define-constant SHAPE u1)
(define-constant CURVE u2)

(define-constant NO_CURVE { afters: (list), totals: (list) })
(define-constant PLAIN { cliff: u0, upfront: u0, at-cliff: u0, step: u1 })

;; -- State

(define-data-var stream-count uint u0)

;; What every withdrawal needs, and no more. Cancelling always refunds something, so a stream is cancelled exactly
;; when `refunded` is not u0.
(define-map streams uint {
  amount: uint,
  withdrawn: uint,
  refunded: uint,
  in-seconds: bool,
  start: uint,
  end: uint,
  form: uint,
  cancelable: bool,
})

;; `sender` is the present one, `payer` the first, `recipient` the first holder. The present holder is whoever has
;; the token.
(define-map parties uint { payer: principal, sender: principal, recipient: principal })

;; Only streams that have one pay for these.
(define-map memos uint (string-utf8 64))
(define-map shapes uint { cliff: uint, upfront: uint, at-cliff: uint, step: uint })
(define-map cancelled-at uint uint)
(define-map proposed-senders uint principal)

;; Two parallel lists, because a list of tuples costs ten times as much to walk. Both begin with the implicit
;; point u0, u0: `totals` are the sats vested `afters` ticks after the start.
(define-map curves uint { afters: (list 25 uint), totals: (list 25 uint) })

;; -- Opening

;; The simple call: a line from now on, in blocks, cancelable and transferable. Returns the stream's id.
(define-public (create-stream (recipient principal) (amount uint) (duration uint))
  (let (
      (bps (try! (contract-call? .bitpay-access-control get-creation-bps)))
      (fee (fee-of (try! (check-amount amount)) bps))
      (start stacks-block-height)
      (end (try! (check-end false start duration)))
      (id (try! (record
        recipient amount fee false start end LINE u0 u0 u0 u1 (list) true true u"")))
    )
    (try! (contract-call? .bitpay-sbtc-helper deposit amount fee))
    (ok id)))

;; `start` none is now. A start may lie in the past or in the future; a stream may be settled from birth.
(define-public (open-stream
    (recipient principal)
    (amount uint)
    (schedule {
      clock: (string-ascii 7),
      start: (optional uint),
      duration: uint,
      cliff: uint,
      upfront: uint,
      at-cliff: uint,
      step: uint,
    })
    (terms { cancelable: bool, transferable: bool, memo: (string-utf8 64) }))
  (let (
      (bps (try! (contract-call? .bitpay-access-control get-creation-bps)))
      (fee (fee-of (try! (check-amount amount)) bps))
      (id (try! (open recipient amount fee schedule terms)))
    )
    (try! (contract-call? .bitpay-sbtc-helper deposit amount fee))
    (ok id)))

;; All or nothing. One payment covers them all.
(define-public (open-streams (orders (list 50 {
    recipient: principal,
    amount: uint,
    schedule: {
      clock: (string-ascii 7),
      start: (optional uint),
      duration: uint,
      cliff: uint,
      upfront: uint,
      at-cliff: uint,
      step: uint,
    },
    terms: { cancelable: bool, transferable: bool, memo: (string-utf8 64) },
  })))
  (let ((batch (try! (fold open-next orders
      (ok {
        bps: (try! (contract-call? .bitpay-access-control get-creation-bps)),
        amount: u0,
        fee: u0,
        ids: (list),
      })))))
    (and
      (> (get amount batch) u0)
      (try! (contract-call? .bitpay-sbtc-helper deposit (get amount batch) (get fee batch))))
    (ok (get ids batch))))

;; Any curve: `total` sats have vested `after` ticks from the start, straight lines in between.
(define-public (open-curve-stream
    (recipient principal)
    (amount uint)
    (clock (string-ascii 7))
    (start (optional uint))
    (points (list 24 { after: uint, total: uint }))
    (terms { cancelable: bool, transferable: bool, memo: (string-utf8 64) }))
  (let (
      (bps (try! (contract-call? .bitpay-access-control get-creation-bps)))
      (fee (fee-of (try! (check-amount amount)) bps))
      (in-seconds (try! (check-clock clock)))
      (curve (try! (check-curve amount points)))
      (begin-at (match start given given (now in-seconds)))
      (duration (item (get afters curve) (len points)))
      (end (try! (check-end in-seconds begin-at duration)))
      (id (try! (record
        recipient amount fee in-seconds begin-at end CURVE u0 u0 u0 u1 points
        (get cancelable terms) (get transferable terms) (get memo terms))))
    )
    (map-insert curves id curve)
    (try! (contract-call? .bitpay-sbtc-helper deposit amount fee))
    (ok id)))

;; -- Withdrawing

;; Pays the holder all that is due; anyone may call. Returns the sats paid.
(define-public (withdraw-from-stream (stream-id uint))
  (let (
      (stream (unwrap! (map-get? streams stream-id) ERR_UNKNOWN_STREAM))
      ;; only a depleted stream can have lost its token
      (holder (unwrap! (get-holder stream-id) ERR_NOTHING_DUE))
    )
    (check-paid (try! (draw stream-id stream holder holder none)))))

;; The holder's: `amount` (none is all) to any principal. Returns the sats paid.
(define-public (withdraw-to (stream-id uint) (amount (optional uint)) (to principal))
  (let ((stream (unwrap! (map-get? streams stream-id) ERR_UNKNOWN_STREAM)))
    (try! (check-holder stream-id))
    (check-paid (try! (draw stream-id stream contract-caller to amount)))))

;; The holder's: takes what is due, perhaps nothing, then hands the obligation on. Returns the sats paid.
(define-public (withdraw-and-transfer (stream-id uint) (to principal))
  (let ((stream (unwrap! (map-get? streams stream-id) ERR_UNKNOWN_STREAM)))
    (try! (check-holder stream-id))
    (let ((paid (try! (draw stream-id stream contract-caller contract-caller none))))
      (try! (contract-call? .bitpay-obligation-nft move stream-id contract-caller to))
      (ok paid))))

;; One that fails does not undo the others: `map` over the public function, whose failures take back their writes. A
;; batch itself is never refused; the refusal is there for its type, so that a contract can `try!` the answer.
(define-public (withdraw-many (ids (list 50 uint)))
  (if (<= (len ids) u50) (ok (map withdraw-from-stream ids)) ERR_UNKNOWN_STREAM))

;; bitpay-marketplace's: pays the seller, who has to hold the stream, what he has earned so far, and says what is left
;; to sell.
(define-public (settle-for-sale (stream-id uint) (seller principal))
  (let ((stream (unwrap! (map-get? streams stream-id) ERR_UNKNOWN_STREAM)))
    (asserts! (is-eq contract-caller .bitpay-marketplace) ERR_NOT_MARKETPLACE)
    (asserts! (is-eq (some seller) (get-holder stream-id)) ERR_NOT_HOLDER)
    (let ((paid (try! (draw stream-id stream seller seller none))))
      (ok {
        settled: paid,
        remaining: (- (get amount stream) (get refunded stream) (get withdrawn stream) paid),
        cancelable: (get cancelable stream),
      }))))

;; -- The sender's side

;; Refunds the sender what has not vested; what has vested waits for its holder.
(define-public (cancel-stream (stream-id uint))
  (let (
      (stream (unwrap! (map-get? streams stream-id) ERR_UNKNOWN_STREAM))
      (amount (get amount stream))
      (refunded (get refunded stream))
      (at (now (get in-seconds stream)))
      (start (get start stream))
      (end (get end stream))
      (vested (vested-at stream-id amount refunded start end (get form stream) at))
      (refund (- amount refunded vested))
      (depleted (is-eq vested (get withdrawn stream)))
    )
    (try! (check-sender stream-id))
    (asserts! (> refund u0) ERR_NOT_RUNNING)
    (asserts! (get cancelable stream) ERR_NOT_CANCELABLE)
    (map-set streams stream-id (merge stream { refunded: refund, cancelable: false }))
    (map-insert cancelled-at stream-id at)
    (try! (contract-call? .bitpay-sbtc-helper payout refund contract-caller))
    (and
      depleted
      (> vested u0)
      (try! (mint-receipt
        stream-id (unwrap! (get-holder stream-id) ERR_NOTHING_DUE) vested start end)))
    (print {
      event: "stream-cancelled",
      v: u1,
      stream-id: stream-id,
      sender: contract-caller,
      refunded: refund,
      vested: vested,
      at: at,
      depleted: depleted,
    })
    (ok { refunded: refund, vested: vested })))

;; As in withdraw-many: each by itself, and no refusal of the whole.
(define-public (cancel-many (ids (list 50 uint)))
  (if (<= (len ids) u50) (ok (map cancel-stream ids)) ERR_UNKNOWN_STREAM))

;; Gives up the right to cancel, for good.
(define-public (renounce-cancel (stream-id uint))
  (let ((stream (unwrap! (map-get? streams stream-id) ERR_UNKNOWN_STREAM)))
    (try! (check-sender stream-id))
    (asserts! (> (try! (get-remaining-amount stream-id)) u0) ERR_NOT_RUNNING)
    (asserts! (get cancelable stream) ERR_NOT_CANCELABLE)
    (map-set streams stream-id (merge stream { cancelable: false }))
    (print { event: "stream-renounced", v: u1, stream-id: stream-id, sender: contract-caller })
    (ok true)))

;; Adds `amount` at the stream's own rate, so the end moves. Returns the new end.
(define-public (top-up-stream (stream-id uint) (amount uint))
  (let (
      (bps (try! (contract-call? .bitpay-access-control get-creation-bps)))
      (fee (fee-of (try! (check-amount amount)) bps))
      (stream (unwrap! (map-get? streams stream-id) ERR_UNKNOWN_STREAM))
      (in-seconds (get in-seconds stream))
      (start (get start stream))
      (total (get amount stream))
      (shape (shape-of stream-id (get form stream)))
    )
    (try! (check-sender stream-id))
    (asserts! (> (try! (get-remaining-amount stream-id)) u0) ERR_NOT_RUNNING)
    (asserts! (not (is-eq (get form stream) CURVE)) ERR_NO_CONSTANT_RATE)
    (asserts!
      (or (is-eq (get cliff shape) u0) (>= (now in-seconds) (+ start (get cliff shape))))
      ERR_CLIFF_AHEAD)
    (let (
        (new-amount (try! (check-amount (+ total amount))))
        (duration (try! (stretch amount total (- (get end stream) start) shape)))
        (new-end (try! (check-end in-seconds start duration)))
      )
      (map-set streams stream-id (merge stream { amount: new-amount, end: new-end }))
      (try! (contract-call? .bitpay-sbtc-helper deposit amount fee))
      (print {
        event: "stream-topped-up",
        v: u1,
        stream-id: stream-id,
        sender: contract-caller,
        added: amount,
        fee: fee,
        amount: new-amount,
        end: new-end,
      })
      (ok new-end))))

;; Offers the sender's side to another principal, who has to accept; none withdraws the proposal.
(define-public (propose-sender (stream-id uint) (new-sender (optional principal)))
  (begin
    (try! (check-sender stream-id))
    (asserts!
      (match new-sender
        who (map-set proposed-senders stream-id who)
        (map-delete proposed-senders stream-id))
      ERR_NOTHING_PROPOSED)
    (print {
      event: "sender-proposed",
      v: u1,
      stream-id: stream-id,
      sender: contract-caller,
      new-sender: new-sender,
    })
    (ok true)))

(define-public (accept-sender (stream-id uint))
  (let ((sides (unwrap! (map-get? parties stream-id) ERR_UNKNOWN_STREAM)))
    (asserts! (is-eq (some contract-caller) (get-proposed-sender stream-id)) ERR_NOT_PROPOSED_SENDER)
    (map-delete proposed-senders stream-id)
    (map-set parties stream-id (merge sides { sender: contract-caller }))
    (print {
      event: "sender-changed",
      v: u1,
      stream-id: stream-id,
      old-sender: (get sender sides),
      new-sender: contract-caller,
    })
    (ok true)))

;; -- The holder's token

;; The holder's, once nothing is left in the stream.
(define-public (burn-obligation (stream-id uint))
  (let ((stream (unwrap! (map-get? streams stream-id) ERR_UNKNOWN_STREAM)))
    (try! (check-holder stream-id))
    (asserts!
      (is-eq (+ (get withdrawn stream) (get refunded stream)) (get amount stream))
      ERR_NOT_DEPLETED)
    (contract-call? .bitpay-obligation-nft burn stream-id contract-caller)))

;; -- Reads

(define-read-only (get-stream-count) (var-get stream-count))

(define-read-only (get-holder (stream-id uint))
  (contract-call? .bitpay-obligation-nft get-holder stream-id))

(define-read-only (get-proposed-sender (stream-id uint)) (map-get? proposed-senders stream-id))

;; `sender` is the present one, `recipient` the first holder, `payer` the first sender. `cancelable` says whether the
;; sender has kept the right to cancel and not used it.
(define-read-only (get-stream (stream-id uint))
  (let ((stream (unwrap! (map-get? streams stream-id) none)))
    (some (merge (unwrap! (map-get? parties stream-id) none) {
      amount: (get amount stream),
      withdrawn: (get withdrawn stream),
      refunded: (get refunded stream),
      clock: (clock-name (get in-seconds stream)),
      start: (get start stream),
      end: (get end stream),
      cancelable: (get cancelable stream),
      transferable: (contract-call? .bitpay-obligation-nft is-transferable stream-id),
      cancelled-at: (map-get? cancelled-at stream-id),
      memo: (default-to u"" (map-get? memos stream-id)),
    }))))

;; When the stream vests. `points` is empty unless it was opened with a curve.
(define-read-only (get-schedule (stream-id uint))
  (let ((stream (unwrap! (map-get? streams stream-id) none)))
    (some (merge (shape-of stream-id (get form stream)) {
      clock: (clock-name (get in-seconds stream)),
      start: (get start stream),
      duration: (- (get end stream) (get start stream)),
      points: (points-of stream-id),
    }))))

(define-read-only (get-vested-amount (stream-id uint)) (ok (get vested (try! (look stream-id)))))

;; `at` is a time on the stream's own clock. A cancelled stream answers the same for every moment.
(define-read-only (get-vested-amount-at (stream-id uint) (at uint))
  (let ((stream (unwrap! (map-get? streams stream-id) ERR_UNKNOWN_STREAM)))
    (ok (vested-at stream-id (get amount stream) (get refunded stream)
      (get start stream) (get end stream) (get form stream) at))))

(define-read-only (get-withdrawable-amount (stream-id uint)) (ok (get due (try! (look stream-id)))))

;; What is still to vest.
(define-read-only (get-remaining-amount (stream-id uint))
  (ok (get remaining (try! (look stream-id)))))

(define-read-only (get-refundable-amount (stream-id uint))
  (if (get cancelable (unwrap! (map-get? streams stream-id) ERR_UNKNOWN_STREAM))
    (get-remaining-amount stream-id)
    (ok u0)))

(define-read-only (get-status (stream-id uint))
  (let (
      (stream (unwrap! (map-get? streams stream-id) ERR_UNKNOWN_STREAM))
      (seen (try! (look stream-id)))
    )
    (ok (if (> (get remaining seen) u0)
      (if (< (now (get in-seconds stream)) (get start stream)) "pending" "streaming")
      (if (is-eq (get due seen) u0)
        "depleted"
        (if (> (get refunded stream) u0) "cancelled" "settled"))))))

;; What would have vested at `at` of a stream with this schedule, were it opened now.
(define-read-only (quote
    (amount uint)
    (schedule {
      clock: (string-ascii 7),
      start: (optional uint),
      duration: uint,
      cliff: uint,
      upfront: uint,
      at-cliff: uint,
      step: uint,
    })
    (at uint))
  (let (
      (in-seconds (try! (check-clock (get clock schedule))))
      (start (match (get start schedule) given given (now in-seconds)))
      (end (try! (check-end in-seconds start (get duration schedule))))
    )
    (try! (check-amount amount))
    (try! (check-shape amount (get duration schedule)
      (get cliff schedule) (get upfront schedule) (get at-cliff schedule) (get step schedule)))
    (ok (if (< at start)
      u0
      (if (>= at end)
        amount
        (vested-on-shape amount (get duration schedule)
          {
            cliff: (get cliff schedule),
            upfront: (get upfront schedule),
            at-cliff: (get at-cliff schedule),
            step: (get step schedule),
          }
          (- at start)))))))

;; -- The curve: pure calculation

;; Upfront until the cliff; from there a line, or its steps, over what is not unlocked. Rounded down.
(define-private (vested-on-shape
    (amount uint)
    (duration uint)
    (shape { cliff: uint, upfront: uint, at-cliff: uint, step: uint })
    (elapsed uint))
  (let (
      (cliff (get cliff shape))
      (upfront (get upfront shape))
    )
    (if (< elapsed cliff)
      upfront
      (let (
          (unlocked (+ upfront (get at-cliff shape)))
          (flowing (- elapsed cliff))
          (counted (- flowing (mod flowing (get step shape))))
        )
        (+ unlocked (/ (* (- amount unlocked) counted) (- duration cliff)))))))

;; On the line between the last point reached and the next. Rounded down. That point is found by halving: five strides
;; instead of a fold over all points, which would cost three times as much.
(define-private (vested-on-curve
    (curve { afters: (list 25 uint), totals: (list 25 uint) })
    (elapsed uint))
  (let (
      (afters (get afters curve))
      (totals (get totals curve))
      (sixteenth (stride afters elapsed u0 u16))
      (eighth (stride afters elapsed sixteenth u8))
      (fourth (stride afters elapsed eighth u4))
      (second (stride afters elapsed fourth u2))
      (last (stride afters elapsed second u1))
      (after (item afters last))
      (total (item totals last))
      (next (+ last u1))
    )
    (+ total
      (/ (* (- (item totals next) total) (- elapsed after)) (- (item afters next) after)))))

;; `by` points further on from `from`, if that point has been reached.
(define-private (stride (afters (list 25 uint)) (elapsed uint) (from uint) (by uint))
  (match (element-at? afters (+ from by))
    after (if (<= after elapsed) (+ from by) from)
    from))

(define-private (item (items (list 25 uint)) (index uint)) (default-to u0 (element-at? items index)))

;; The duration after adding `amount` to `total` at the present rate. Rounded down, so that at no moment, past or
;; future, has less vested than before.
(define-private (stretch
    (amount uint)
    (total uint)
    (duration uint)
    (shape { cliff: uint, upfront: uint, at-cliff: uint, step: uint }))
  (let (
      (flowing (- total (+ (get upfront shape) (get at-cliff shape))))
      (span (- duration (get cliff shape)))
    )
    (asserts! (is-eq (get step shape) u1) ERR_NO_CONSTANT_RATE)
    (asserts! (> flowing u0) ERR_NOTHING_FLOWS)
    (asserts! (>= (* amount span) flowing) ERR_TOP_UP_TOO_SMALL)
    (ok (+ duration (/ (* amount span) flowing)))))

(define-private (fee-of (amount uint) (bps uint)) (/ (* amount bps) BPS))

;; -- A stream at a moment

(define-private (now (in-seconds bool)) (if in-seconds stacks-block-time stacks-block-height))

;; What has vested now, what of it is due to the holder, and what is still to vest. Something remains exactly while
;; the stream is pending or streaming.
(define-private (look (id uint))
  (let (
      (stream (unwrap! (map-get? streams id) ERR_UNKNOWN_STREAM))
      (amount (get amount stream))
      (refunded (get refunded stream))
      (vested (vested-at id amount refunded (get start stream) (get end stream) (get form stream)
        (now (get in-seconds stream))))
    )
    (ok {
      vested: vested,
      due: (- vested (get withdrawn stream)),
      remaining: (- amount refunded vested),
    })))

;; The sats vested at the moment `at`, a time of the stream's own clock. What a cancellation refunded never vests, and
;; what it left has vested for ever.
(define-private (vested-at
    (id uint)
    (amount uint)
    (refunded uint)
    (start uint)
    (end uint)
    (form uint)
    (at uint))
  (if (> refunded u0)
    (- amount refunded)
    (if (< at start)
      u0
      (if (>= at end)
        amount
        (if (is-eq form LINE)
          (/ (* amount (- at start)) (- end start))
          (if (is-eq form CURVE)
            (vested-on-curve (default-to NO_CURVE (map-get? curves id)) (- at start))
            (vested-on-shape amount (- end start) (shape-of id form) (- at start))))))))

(define-private (shape-of (id uint) (form uint))
  (if (is-eq form SHAPE) (default-to PLAIN (map-get? shapes id)) PLAIN))

(define-private (clock-name (in-seconds bool)) (if in-seconds "seconds" "blocks"))

;; A curve's points without the implicit first, as many as can be opened with; none for other forms.
(define-private (points-of (id uint))
  (match (map-get? curves id)
    curve (default-to (list)
      (as-max-len?
        (default-to (list)
          (slice? (map to-point (get afters curve) (get totals curve)) u1 (len (get afters curve))))
        u24))
    (list)))

(define-private (to-point (after uint) (total uint)) { after: after, total: total })

;; -- Checks, all before any arithmetic

(define-private (check-sender (id uint))
  (ok (asserts!
    (is-eq contract-caller (get sender (unwrap! (map-get? parties id) ERR_UNKNOWN_STREAM)))
    ERR_NOT_SENDER)))

(define-private (check-holder (id uint))
  (ok (asserts! (is-eq (some contract-caller) (get-holder id)) ERR_NOT_HOLDER)))

(define-private (check-amount (amount uint))
  (begin
    (asserts! (and (>= amount u1) (<= amount MAX_SATS)) ERR_AMOUNT_OUT_OF_RANGE)
    (ok amount)))

(define-private (check-paid (paid uint))
  (begin
    (asserts! (> paid u0) ERR_NOTHING_DUE)
    (ok paid)))

;; True for seconds.
(define-private (check-clock (clock (string-ascii 7)))
  (let ((in-seconds (is-eq clock "seconds")))
    (asserts! (or in-seconds (is-eq clock "blocks")) ERR_UNKNOWN_CLOCK)
    (ok in-seconds)))

;; The end of a stream that may start and last so.
(define-private (check-end (in-seconds bool) (start uint) (duration uint))
  (begin
    (asserts! (<= start MAX_TICKS) ERR_START_OUT_OF_RANGE)
    (asserts! (and (>= duration u1) (<= duration MAX_TICKS)) ERR_DURATION_OUT_OF_RANGE)
    (asserts! (or (not in-seconds) (<= (+ start duration) MAX_UNIX_TIME)) ERR_END_OUT_OF_RANGE)
    (ok (+ start duration))))

;; For a duration in range.
(define-private (check-shape
    (amount uint)
    (duration uint)
    (cliff uint)
    (upfront uint)
    (at-cliff uint)
    (step uint))
  (begin
    (asserts! (< cliff duration) ERR_CLIFF_OUT_OF_RANGE)
    (asserts! (or (> cliff u0) (is-eq at-cliff u0)) ERR_AT_CLIFF_WITHOUT_CLIFF)
    (asserts! (and (<= upfront amount) (<= at-cliff (- amount upfront))) ERR_UNLOCKS_OUT_OF_RANGE)
    (asserts! (and (>= step u1) (<= step (- duration cliff))) ERR_STEP_OUT_OF_RANGE)
    (ok true)))

;; The curve through u0, u0 and `points`, as it is kept.
(define-private (check-curve (amount uint) (points (list 24 { after: uint, total: uint })))
  (let (
      (afters (map after-of points))
      (totals (map total-of points))
      (curve { afters: (concat (list u0) afters), totals: (concat (list u0) totals) })
    )
    ;; `map` over several lists panics where exactly one of them is empty
    (asserts! (> (len points) u0) ERR_EMPTY_CURVE)
    (asserts!
      (is-none (index-of? (map rises (get afters curve) (get totals curve) afters totals) false))
      ERR_CURVE_NOT_RISING)
    (asserts! (is-eq (item totals (- (len points) u1)) amount) ERR_CURVE_TOTAL)
    (ok curve)))

(define-private (after-of (point { after: uint, total: uint })) (get after point))

(define-private (total-of (point { after: uint, total: uint })) (get total point))

(define-private (rises (after uint) (total uint) (next-after uint) (next-total uint))
  (and
    (<= after next-after)
    (<= total next-total)
    (or (< after next-after) (< total next-total))))

;; -- Parts with effects

;; Opens a stream that is still to be paid for. Returns its id.
(define-private (open
    (recipient principal)
    (amount uint)
    (fee uint)
    (schedule {
      clock: (string-ascii 7),
      start: (optional uint),
      duration: uint,
      cliff: uint,
      upfront: uint,
      at-cliff: uint,
      step: uint,
    })
    (terms { cancelable: bool, transferable: bool, memo: (string-utf8 64) }))
  (let (
      (in-seconds (try! (check-clock (get clock schedule))))
      (start (match (get start schedule) given given (now in-seconds)))
      (duration (get duration schedule))
      (cliff (get cliff schedule))
      (upfront (get upfront schedule))
      (at-cliff (get at-cliff schedule))
      (step (get step schedule))
      (end (try! (check-end in-seconds start duration)))
      (plain (and (is-eq cliff u0) (is-eq upfront u0) (is-eq step u1)))
    )
    (try! (check-shape amount duration cliff upfront at-cliff step))
    (let ((id (try! (record
        recipient amount fee in-seconds start end (if plain LINE SHAPE) cliff upfront at-cliff step (list)
        (get cancelable terms) (get transferable terms) (get memo terms)))))
      (or
        plain
        (map-insert shapes id { cliff: cliff, upfront: upfront, at-cliff: at-cliff, step: step }))
      (ok id))))

;; One more of a batch.
(define-private (open-next
    (order {
      recipient: principal,
      amount: uint,
      schedule: {
        clock: (string-ascii 7),
        start: (optional uint),
        duration: uint,
        cliff: uint,
        upfront: uint,
        at-cliff: uint,
        step: uint,
      },
      terms: { cancelable: bool, transferable: bool, memo: (string-utf8 64) },
    })
    (so-far (response { bps: uint, amount: uint, fee: uint, ids: (list 50 uint) } uint)))
  (let (
      (batch (try! so-far))
      (amount (try! (check-amount (get amount order))))
      (fee (fee-of amount (get bps batch)))
      (id (try! (open (get recipient order) amount fee (get schedule order) (get terms order))))
    )
    (ok {
      bps: (get bps batch),
      amount: (+ (get amount batch) amount),
      fee: (+ (get fee batch) fee),
      ids: (unwrap! (as-max-len? (append (get ids batch) id) u50) ERR_AMOUNT_OUT_OF_RANGE),
    })))

;; Writes a new stream down, mints its obligation and tells of it. Returns its id.
(define-private (record
    (recipient principal)
    (amount uint)
    (fee uint)
    (in-seconds bool)
    (start uint)
    (end uint)
    (form uint)
    (cliff uint)
    (upfront uint)
    (at-cliff uint)
    (step uint)
    (points (list 24 { after: uint, total: uint }))
    (cancelable bool)
    (transferable bool)
    (memo (string-utf8 64)))
  (let ((id (+ (var-get stream-count) u1)))
    (asserts! (not (is-eq recipient .bitpay-sbtc-helper)) ERR_VAULT_AS_RECIPIENT)
    (var-set stream-count id)
    (map-insert streams id {
      amount: amount,
      withdrawn: u0,
      refunded: u0,
      in-seconds: in-seconds,
      start: start,
      end: end,
      form: form,
      cancelable: cancelable,
    })
    (map-insert parties id { payer: tx-sender, sender: tx-sender, recipient: recipient })
    (if (is-eq memo u"") true (map-insert memos id memo))
    (try! (contract-call? .bitpay-obligation-nft mint id recipient transferable))
    (print {
      event: "stream-created",
      v: u1,
      stream-id: id,
      sender: tx-sender,
      recipient: recipient,
      amount: amount,
      fee: fee,
      clock: (clock-name in-seconds),
      start: start,
      end: end,
      cliff: cliff,
      upfront: upfront,
      at-cliff: at-cliff,
      step: step,
      points: points,
      cancelable: cancelable,
      transferable: transferable,
      memo: memo,
    })
    (ok id)))

;; Pays `asked` (none is all) of what is due to `holder` out to `to`; nothing where nothing is due.
(define-private (draw
    (id uint)
    (stream {
      amount: uint,
      withdrawn: uint,
      refunded: uint,
      in-seconds: bool,
      start: uint,
      end: uint,
      form: uint,
      cancelable: bool,
    })
    (holder principal)
    (to principal)
    (asked (optional uint)))
  (let (
      (withdrawn (get withdrawn stream))
      (amount (get amount stream))
      (refunded (get refunded stream))
      (start (get start stream))
      (end (get end stream))
      (vested (vested-at id amount refunded start end (get form stream) (now (get in-seconds stream))))
      (due (- vested withdrawn))
      (paid (default-to due asked))
    )
    (asserts! (<= paid due) ERR_MORE_THAN_DUE)
    (if (is-eq paid u0)
      (ok u0)
      (let (
          (total (+ withdrawn paid))
          (depleted (is-eq total (- amount refunded)))
        )
        (map-set streams id (merge stream { withdrawn: total }))
        (try! (contract-call? .bitpay-sbtc-helper payout paid to))
        (and depleted (try! (mint-receipt id holder total start end)))
        (print {
          event: "stream-withdrawal",
          v: u1,
          stream-id: id,
          holder: holder,
          to: to,
          amount: paid,
          withdrawn: total,
          by: contract-caller,
          depleted: depleted,
        })
        (ok paid)))))

(define-private (mint-receipt (id uint) (holder principal) (paid uint) (start uint) (end uint))
  (let ((sides (unwrap! (map-get? parties id) ERR_UNKNOWN_STREAM)))
    (contract-call? .bitpay-nft mint id holder (get payer sides) paid start end)))
