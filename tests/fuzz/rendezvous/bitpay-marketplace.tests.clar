;; bitpay-marketplace under @stacks/rendezvous: what calls of any kind, by anyone, at any time must leave true.
;;
;; `any-*` do what could make sense: their numbers choose among what exists, so that most calls succeed.

;; -- Choosing

(define-private (stream-total) (contract-call? .bitpay-core get-stream-count))

;; One of the newest, because most of the others have run out.
(define-private (a-stream (n uint))
  (- (+ (stream-total) u1) (pick n (least (stream-total) u32))))

(define-private (newest (n uint) (count uint)) (- (+ count u1) (pick n (least count u32))))

(define-private (holder-of (id uint)) (contract-call? .bitpay-core get-holder id))

(define-private (held (n uint)) (get found (fold find-held OFFSETS { from: n, found: none })))

(define-private (find-held (offset uint) (so-far { from: uint, found: (optional uint) }))
  (let ((id (a-stream (+ (get from so-far) offset))))
    (if (and
        (is-none (get found so-far))
        (is-eq (some contract-caller) (holder-of id))
        (is-none (get-live-listing id))
        (> (unwrap-panic (contract-call? .bitpay-core get-remaining-amount id)) u0))
      (merge so-far { found: (some id) })
      so-far)))

(define-private (listed-by-caller (n uint)) (get found (fold find-listed OFFSETS { from: n, found: none })))

(define-private (find-listed (offset uint) (so-far { from: uint, found: (optional uint) }))
  (let ((id (newest (+ (get from so-far) offset) (var-get listing-count))))
    (match (map-get? listings id)
      listing (if (and
          (is-none (get found so-far))
          (is-eq (get seller listing) contract-caller)
          (is-eq (get status listing) ACTIVE))
        (merge so-far { found: (some id) })
        so-far)
      so-far)))

(define-private (for-sale (n uint)) (get found (fold find-for-sale OFFSETS { from: n, found: none })))

(define-private (find-for-sale (offset uint) (so-far { from: uint, found: (optional uint) }))
  (let ((id (newest (+ (get from so-far) offset) (var-get listing-count))))
    (match (map-get? listings id)
      listing (if (and
          (is-none (get found so-far))
          (not (is-eq (get seller listing) tx-sender))
          (is-live id))
        (merge so-far { found: (some id) })
        so-far)
      so-far)))

(define-private (offered-by-caller (n uint)) (get found (fold find-offered OFFSETS { from: n, found: none })))

(define-private (find-offered (offset uint) (so-far { from: uint, found: (optional uint) }))
  (let ((id (newest (+ (get from so-far) offset) (var-get offer-count))))
    (match (map-get? offers id)
      offer (if (and
          (is-none (get found so-far))
          (is-eq (get status offer) ACTIVE)
          (or (is-eq (get buyer offer) contract-caller) (>= stacks-block-time (get expires-at offer))))
        (merge so-far { found: (some id) })
        so-far)
      so-far)))

(define-private (offered-to-caller (n uint)) (get found (fold find-to-accept OFFSETS { from: n, found: none })))

(define-private (find-to-accept (offset uint) (so-far { from: uint, found: (optional uint) }))
  (let ((id (newest (+ (get from so-far) offset) (var-get offer-count))))
    (match (map-get? offers id)
      offer (if (and
          (is-none (get found so-far))
          (is-eq (get status offer) ACTIVE)
          (< stacks-block-time (get expires-at offer))
          (not (is-eq (get buyer offer) contract-caller))
          (is-eq (some contract-caller) (holder-of (get stream-id offer))))
        (merge so-far { found: (some id) })
        so-far)
      so-far)))

(define-private (some-sats (n uint)) (+ u1000 (mod n u5000000)))

(define-private (some-price (n uint)) (+ MIN_PRICE (mod n u2000000)))

(define-private (soon (n uint)) (+ stacks-block-time u1 (mod n u9000000)))

(define-private (open-for (holder principal) (n uint) (ticks uint) (begun uint) (cancelable bool))
  (contract-call? .bitpay-core open-stream holder (some-sats n)
    {
      clock: "seconds",
      start: (some (minus stacks-block-time (mod begun u1000000))),
      duration: (+ u1 (mod ticks u9000000)),
      cliff: u0,
      upfront: u0,
      at-cliff: u0,
      step: u1,
    }
    { cancelable: cancelable, transferable: true, memo: u"" }))

;; -- Doing

(define-public (any-open (holder principal) (n uint) (ticks uint) (cancelable bool))
  (begin
    (asserts! (< (stream-total) MOST) NOTHING)
    (open-for holder n ticks n cancelable)))

(define-public (any-withdraw (n uint)) (contract-call? .bitpay-core withdraw-from-stream (a-stream n)))

(define-public (any-transfer (n uint) (to principal))
  (contract-call? .bitpay-obligation-nft transfer (unwrap! (held n) NOTHING) tx-sender to))

(define-public (any-list (n uint) (price uint) (expiry (optional uint)))
  (begin
    (asserts! (< (var-get listing-count) MOST) NOTHING)
    (list-stream (unwrap! (held n) NOTHING) (some-price price) (match expiry at (some (soon at)) none))))

(define-public (any-update (n uint) (price uint))
  (update-listing (unwrap! (listed-by-caller n) NOTHING) (some-price price)))

(define-public (any-cancel-listing (n uint)) (cancel-listing (unwrap! (listed-by-caller n) NOTHING)))

(define-public (any-purchase (n uint) (min-remaining uint) (accept-cancelable bool))
  (purchase-stream (unwrap! (for-sale n) NOTHING) MAX_SATS (mod min-remaining u1000) accept-cancelable))

(define-public (any-buy-now (n uint)) (purchase-stream (unwrap! (for-sale n) NOTHING) MAX_SATS u0 true))

(define-public (any-offer (n uint) (price uint) (min-remaining uint) (accept-cancelable bool) (expiry uint))
  (begin
    (asserts! (< (var-get offer-count) MOST) NOTHING)
    (make-offer (a-stream n) (some-price price) (mod min-remaining u1000) accept-cancelable (soon expiry))))

(define-public (any-cancel-offer (n uint)) (cancel-offer (unwrap! (offered-by-caller n) NOTHING)))

(define-public (any-accept (n uint)) (accept-offer (unwrap! (offered-to-caller n) NOTHING)))

;; -- Remembering: what was once closed

(define-map closed-listings uint (string-ascii 9))
(define-map closed-offers uint (string-ascii 9))

(define-public (remember (n uint))
  (let (
      (listing-id (pick n (var-get listing-count)))
      (offer-id (pick n (var-get offer-count)))
    )
    (match (map-get? listings listing-id)
      listing (or
        (is-eq (get status listing) ACTIVE)
        (map-set closed-listings listing-id (get status listing)))
      true)
    (match (map-get? offers offer-id)
      offer (or (is-eq (get status offer) ACTIVE) (map-set closed-offers offer-id (get status offer)))
      true)
    (ok true)))

;; 9. What is sold or accepted is never cancelled, nor the other way round.
(define-read-only (invariant-closed-stays-closed (n uint))
  (let (
      (listing-id (pick n (var-get listing-count)))
      (offer-id (pick n (var-get offer-count)))
    )
    (and
      (match (map-get? closed-listings listing-id)
        status (is-eq status (get status (unwrap-panic (map-get? listings listing-id))))
        true)
      (match (map-get? closed-offers offer-id)
        status (is-eq status (get status (unwrap-panic (map-get? offers offer-id))))
        true))))

;; -- Invariants

;; 1. The marketplace's account is what the open offers hold.
(define-read-only (invariant-account-is-the-open-offers)
  (or
    (> (var-get offer-count) MOST)
    (is-eq (fold add-row OFFSETS u0) (contract-call? .bitpay-sbtc-helper get-account current-contract))))

(define-private (add-row (row uint) (sum uint))
  (if (>= (* row u32) (var-get offer-count))
    sum
    (get sum (fold add-escrow OFFSETS { base: (* row u32), sum: sum }))))

(define-private (add-escrow (offset uint) (so-far { base: uint, sum: uint }))
  (match (map-get? offers (+ u1 (get base so-far) offset))
    offer (if (is-eq (get status offer) ACTIVE)
      (merge so-far { sum: (+ (get sum so-far) (get price offer)) })
      so-far)
    so-far))

;; A live listing is its seller's to keep, and the only one of its stream.
(define-read-only (invariant-a-live-listing-can-be-kept (n uint))
  (let ((id (pick n (var-get listing-count))))
    (match (map-get? listings id)
      listing (or
        (not (is-live id))
        (and
          (is-eq (some (get seller listing)) (holder-of (get stream-id listing)))
          (is-eq (some id) (get-live-listing (get stream-id listing)))))
      true)))

;; -- Properties

;; 9. A purchase costs the buyer the price, and brings the seller what was due to him and the price without the fee.
(define-public (test-a-purchase-pays-exactly (n uint) (ticks uint) (begun uint) (price uint) (expiry (optional uint)))
  (let (
      (id (try! (open-for current-contract n ticks begun false)))
      (due (try! (contract-call? .bitpay-core get-withdrawable-amount id)))
      (remaining (try! (contract-call? .bitpay-core get-remaining-amount id)))
    )
    (if (is-eq remaining u0)
      (ok false)
      (let (
          (listing-id (try! (list-as-seller id (some-price price) (match expiry at (some (soon at)) none))))
          (fee (/ (+ (* (some-price price) u25) u9999) u10000))
          (buyer (sats-of tx-sender))
          (seller (sats-of current-contract))
          (treasury (contract-call? .bitpay-sbtc-helper get-account .bitpay-treasury))
        )
        (asserts! (is-err (purchase-stream listing-id (- (some-price price) u1) u0 true)) (err u9201))
        (asserts! (is-err (purchase-stream listing-id MAX_SATS (+ remaining u1) true)) (err u9202))
        (asserts! (is-eq id (try! (purchase-stream listing-id (some-price price) remaining false))) (err u9203))
        (asserts! (is-eq buyer (+ (sats-of tx-sender) (some-price price))) (err u9204))
        (asserts!
          (is-eq (sats-of current-contract) (+ seller due (- (some-price price) fee)))
          (err u9205))
        (asserts!
          (is-eq (contract-call? .bitpay-sbtc-helper get-account .bitpay-treasury) (+ treasury fee))
          (err u9206))
        (asserts! (is-eq (some tx-sender) (holder-of id)) (err u9207))
        (asserts!
          (is-eq remaining (try! (contract-call? .bitpay-core get-remaining-amount id)))
          (err u9208))
        (asserts! (is-err (purchase-stream listing-id MAX_SATS u0 true)) (err u9209))
        (ok true)))))

(define-private (list-as-seller (id uint) (price uint) (expires-at (optional uint)))
  (as-contract? () (try! (list-stream id price expires-at))))

;; 9. An accepted offer, likewise; it cannot be taken back any more.
(define-public (test-an-accepted-offer-pays-exactly (n uint) (ticks uint) (begun uint) (price uint) (expiry uint))
  (let (
      (id (try! (open-for current-contract n ticks begun false)))
      (due (try! (contract-call? .bitpay-core get-withdrawable-amount id)))
      (remaining (try! (contract-call? .bitpay-core get-remaining-amount id)))
    )
    (if (is-eq remaining u0)
      (ok false)
      (let (
          (before (sats-of tx-sender))
          (offer-id (try! (make-offer id (some-price price) remaining false (soon expiry))))
          (fee (/ (+ (* (some-price price) u25) u9999) u10000))
          (buyer (sats-of tx-sender))
          (seller (sats-of current-contract))
        )
        (asserts! (is-eq before (+ buyer (some-price price))) (err u9211))
        (asserts! (is-err (accept-offer offer-id)) (err u9212))
        (try! (accept-as-holder offer-id))
        (asserts! (is-eq buyer (sats-of tx-sender)) (err u9213))
        (asserts!
          (is-eq (sats-of current-contract) (+ seller due (- (some-price price) fee)))
          (err u9214))
        (asserts! (is-eq (some tx-sender) (holder-of id)) (err u9215))
        (asserts! (is-eq (err u714) (cancel-offer offer-id)) (err u9216))
        (ok true)))))

(define-private (accept-as-holder (offer-id uint))
  (as-contract? ((with-all-assets-unsafe)) (try! (accept-offer offer-id))))

;; An offer that is taken back repays all of it, once.
(define-public (test-an-offer-taken-back-is-repaid (n uint) (price uint) (min-remaining uint) (expiry uint))
  (let (
      (before (sats-of tx-sender))
      (escrowed (contract-call? .bitpay-sbtc-helper get-account current-contract))
      (id (a-stream n))
    )
    (match (make-offer id (some-price price) (mod min-remaining u1000) true (soon expiry))
      offer-id (begin
        (asserts! (is-eq before (+ (sats-of tx-sender) (some-price price))) (err u9221))
        (try! (cancel-offer offer-id))
        (asserts! (is-eq before (sats-of tx-sender)) (err u9222))
        (asserts! (is-eq (err u714) (cancel-offer offer-id)) (err u9223))
        (asserts! (is-eq (err u714) (accept-offer offer-id)) (err u9224))
        (ok true))
      code (begin
        (asserts! (is-eq before (sats-of tx-sender)) (err u9225))
        (asserts!
          (is-eq escrowed (contract-call? .bitpay-sbtc-helper get-account current-contract))
          (err u9226))
        (ok false)))))

;; A listing does not outlive a transfer.
(define-public (test-a-moved-token-is-not-for-sale (n uint) (ticks uint) (price uint) (to principal))
  (let (
      (id (try! (open-for current-contract n (+ u1000 (mod ticks u1000000)) u0 true)))
      (listing-id (try! (list-as-seller id (some-price price) none)))
    )
    (asserts! (is-eq (some listing-id) (get-live-listing id)) (err u9231))
    (try! (as-contract? ((with-all-assets-unsafe))
      (try! (contract-call? .bitpay-obligation-nft transfer id current-contract to))))
    (asserts! (is-none (get-live-listing id)) (err u9232))
    (asserts! (is-err (purchase-stream listing-id MAX_SATS u0 true)) (err u9233))
    (ok true)))
