;; bitpay-marketplace: sales of the right to be paid
;;
;; A sale sells what is not yet vested: everything earned so far is paid to the seller first, then price and
;; token change hands. Listing moves nothing, the seller keeps token and income until somebody buys. An offer's
;; price waits in the vault until its maker takes it back or a holder accepts.
;;
;; Units: prices and fees are sats, times unix seconds. Sellers and acceptors are `contract-caller`; buyers pay,
;; so they are `tx-sender`.

(define-constant ERR_UNKNOWN_LISTING (err u700))
(define-constant ERR_UNKNOWN_OFFER (err u701))
(define-constant ERR_NOT_HOLDER (err u702))
(define-constant ERR_NOT_SELLER (err u703))
(define-constant ERR_NOT_BUYER (err u704))
(define-constant ERR_OWN_TRADE (err u705))
(define-constant ERR_NOT_TRANSFERABLE (err u706))
(define-constant ERR_NOTHING_TO_SELL (err u707))
(define-constant ERR_PRICE_OUT_OF_RANGE (err u708))
(define-constant ERR_MIN_REMAINING_OUT_OF_RANGE (err u709))
(define-constant ERR_EXPIRY_OUT_OF_RANGE (err u710))
(define-constant ERR_ALREADY_LISTED (err u711))
(define-constant ERR_LISTING_NOT_LIVE (err u712))
(define-constant ERR_LISTING_CLOSED (err u713))
(define-constant ERR_OFFER_CLOSED (err u714))
(define-constant ERR_OFFER_EXPIRED (err u715))
(define-constant ERR_PRICE_ABOVE_MAX (err u716))
(define-constant ERR_TOO_LITTLE_REMAINS (err u717))
(define-constant ERR_CANCELABLE (err u718))

;; Below this a fee of a fraction of a percent is no longer a fraction of a percent.
(define-constant MIN_PRICE u1000)

;; 21 million BTC in sats.
(define-constant MAX_SATS u2100000000000000)

;; The last second of the year 9999.
(define-constant MAX_UNIX_TIME u253402300799)

(define-constant BPS u10000)

(define-constant ACTIVE "active")
(define-constant SOLD "sold")
(define-constant ACCEPTED "accepted")
(define-constant CANCELLED "cancelled")

;; -- State

(define-data-var listing-count uint u0)
(define-data-var offer-count uint u0)

;; `moves` is how often the token had changed hands when it was listed: a listing does not outlive a transfer.
;; The rate of the fee is fixed when a listing or an offer is made.
(define-map listings uint {
  stream-id: uint,
  seller: principal,
  price: uint,
  fee-bps: uint,
  expires-at: (optional uint),
  moves: uint,
  status: (string-ascii 9),
})

;; The last listing of each stream. Those before it never live again.
(define-map newest-listing uint uint)

(define-map offers uint {
  stream-id: uint,
  buyer: principal,
  price: uint,
  fee-bps: uint,
  min-remaining: uint,
  accept-cancelable: bool,
  expires-at: uint,
  status: (string-ascii 9),
})

;; -- Listings

;; The holder's. Returns the listing's id.
(define-public (list-stream (stream-id uint) (price uint) (expires-at (optional uint)))
  (let (
      (fee-bps (try! (contract-call? .bitpay-access-control get-marketplace-bps)))
      (id (+ (var-get listing-count) u1))
      (title (try! (check-sellable stream-id)))
    )
    (asserts! (is-eq (some contract-caller) (get holder title)) ERR_NOT_HOLDER)
    (try! (check-price price))
    (try! (match expires-at at (check-expiry at) (ok true)))
    (asserts! (is-none (get-live-listing stream-id)) ERR_ALREADY_LISTED)
    (var-set listing-count id)
    (map-set newest-listing stream-id id)
    (map-insert listings id {
      stream-id: stream-id,
      seller: contract-caller,
      price: price,
      fee-bps: fee-bps,
      expires-at: expires-at,
      moves: (get moves title),
      status: ACTIVE,
    })
    (print {
      event: "listing-created",
      v: u1,
      listing-id: id,
      stream-id: stream-id,
      seller: contract-caller,
      price: price,
      fee-bps: fee-bps,
      expires-at: expires-at,
      moves: (get moves title),
    })
    (ok id)))

(define-public (update-listing (listing-id uint) (price uint))
  (let ((listing (unwrap! (map-get? listings listing-id) ERR_UNKNOWN_LISTING)))
    (try! (contract-call? .bitpay-access-control check-open))
    (asserts! (is-eq contract-caller (get seller listing)) ERR_NOT_SELLER)
    (asserts! (is-live listing-id) ERR_LISTING_NOT_LIVE)
    (try! (check-price price))
    (map-set listings listing-id (merge listing { price: price }))
    (print {
      event: "listing-updated",
      v: u1,
      listing-id: listing-id,
      stream-id: (get stream-id listing),
      seller: contract-caller,
      price: price,
    })
    (ok true)))

;; Its seller's, at any time.
(define-public (cancel-listing (listing-id uint))
  (let ((listing (unwrap! (map-get? listings listing-id) ERR_UNKNOWN_LISTING)))
    (asserts! (is-eq contract-caller (get seller listing)) ERR_NOT_SELLER)
    (asserts! (is-eq (get status listing) ACTIVE) ERR_LISTING_CLOSED)
    (map-set listings listing-id (merge listing { status: CANCELLED }))
    (print {
      event: "listing-cancelled",
      v: u1,
      listing-id: listing-id,
      stream-id: (get stream-id listing),
      seller: contract-caller,
    })
    (ok true)))

;; Buys at the listed price, never above `max-price`, and only if `min-remaining` sats are still to vest afterwards.
;; Without `accept-cancelable` it refuses what the sender could still take back. Returns the stream's id.
(define-public (purchase-stream
    (listing-id uint)
    (max-price uint)
    (min-remaining uint)
    (accept-cancelable bool))
  (let (
      (listing (unwrap! (map-get? listings listing-id) ERR_UNKNOWN_LISTING))
      (stream-id (get stream-id listing))
      (seller (get seller listing))
      (price (get price listing))
      (fee (fee-of price (get fee-bps listing)))
    )
    (try! (contract-call? .bitpay-access-control check-open))
    (asserts! (is-live listing-id) ERR_LISTING_NOT_LIVE)
    (asserts! (not (is-eq tx-sender seller)) ERR_OWN_TRADE)
    (asserts! (<= price max-price) ERR_PRICE_ABOVE_MAX)
    (map-set listings listing-id (merge listing { status: SOLD }))
    (let ((settled (try! (settle stream-id seller min-remaining accept-cancelable))))
      (try! (contract-call? .bitpay-sbtc-helper pay seller (- price fee) fee))
      (try! (contract-call? .bitpay-obligation-nft move stream-id seller tx-sender))
      (print {
        event: "listing-sold",
        v: u1,
        listing-id: listing-id,
        stream-id: stream-id,
        seller: seller,
        buyer: tx-sender,
        price: price,
        fee: fee,
        settled: settled,
      })
      (ok stream-id))))

;; -- Offers

;; Puts the price into escrow. The offer is to whoever holds the stream when it is accepted. Returns its id.
(define-public (make-offer
    (stream-id uint)
    (price uint)
    (min-remaining uint)
    (accept-cancelable bool)
    (expires-at uint))
  (let (
      (fee-bps (try! (contract-call? .bitpay-access-control get-marketplace-bps)))
      (id (+ (var-get offer-count) u1))
      (title (try! (check-sellable stream-id)))
    )
    (asserts! (not (is-eq (some tx-sender) (get holder title))) ERR_OWN_TRADE)
    (try! (check-price price))
    (asserts! (<= min-remaining MAX_SATS) ERR_MIN_REMAINING_OUT_OF_RANGE)
    (try! (check-expiry expires-at))
    (var-set offer-count id)
    (map-insert offers id {
      stream-id: stream-id,
      buyer: tx-sender,
      price: price,
      fee-bps: fee-bps,
      min-remaining: min-remaining,
      accept-cancelable: accept-cancelable,
      expires-at: expires-at,
      status: ACTIVE,
    })
    (try! (contract-call? .bitpay-sbtc-helper deposit price u0))
    (print {
      event: "offer-made",
      v: u1,
      offer-id: id,
      stream-id: stream-id,
      buyer: tx-sender,
      price: price,
      fee-bps: fee-bps,
      min-remaining: min-remaining,
      accept-cancelable: accept-cancelable,
      expires-at: expires-at,
    })
    (ok id)))

;; Repays the maker: at any time when he asks, from expiry on when anyone does.
(define-public (cancel-offer (offer-id uint))
  (let (
      (offer (unwrap! (map-get? offers offer-id) ERR_UNKNOWN_OFFER))
      (buyer (get buyer offer))
      (price (get price offer))
    )
    (asserts! (is-eq (get status offer) ACTIVE) ERR_OFFER_CLOSED)
    (asserts!
      (or (is-eq contract-caller buyer) (>= stacks-block-time (get expires-at offer)))
      ERR_NOT_BUYER)
    (map-set offers offer-id (merge offer { status: CANCELLED }))
    (try! (contract-call? .bitpay-sbtc-helper payout price buyer))
    (print {
      event: "offer-cancelled",
      v: u1,
      offer-id: offer-id,
      stream-id: (get stream-id offer),
      buyer: buyer,
      price: price,
      by: contract-caller,
    })
    (ok true)))

;; The holder's: takes the escrowed price, less the fee, for the token.
(define-public (accept-offer (offer-id uint))
  (let (
      (offer (unwrap! (map-get? offers offer-id) ERR_UNKNOWN_OFFER))
      (stream-id (get stream-id offer))
      (buyer (get buyer offer))
      (price (get price offer))
      (fee (fee-of price (get fee-bps offer)))
    )
    (try! (contract-call? .bitpay-access-control check-open))
    (asserts! (is-eq (get status offer) ACTIVE) ERR_OFFER_CLOSED)
    (asserts! (< stacks-block-time (get expires-at offer)) ERR_OFFER_EXPIRED)
    (asserts! (not (is-eq contract-caller buyer)) ERR_OWN_TRADE)
    (map-set offers offer-id (merge offer { status: ACCEPTED }))
    (let ((settled (try! (settle
        stream-id contract-caller (get min-remaining offer) (get accept-cancelable offer)))))
      (try! (contract-call? .bitpay-sbtc-helper payout (- price fee) contract-caller))
      (and (> fee u0) (try! (contract-call? .bitpay-sbtc-helper credit-treasury fee)))
      (try! (contract-call? .bitpay-obligation-nft move stream-id contract-caller buyer))
      (print {
        event: "offer-accepted",
        v: u1,
        offer-id: offer-id,
        stream-id: stream-id,
        seller: contract-caller,
        buyer: buyer,
        price: price,
        fee: fee,
        settled: settled,
      })
      (ok true))))

;; -- Reads

(define-read-only (get-listing (listing-id uint)) (map-get? listings listing-id))

(define-read-only (get-offer (offer-id uint)) (map-get? offers offer-id))

(define-read-only (get-listing-count) (var-get listing-count))

(define-read-only (get-offer-count) (var-get offer-count))

;; The stream's live listing. Until somebody lists or moves it, that may be one that no purchase can fill: of a stream
;; whose last sat has vested, or was paid.
(define-read-only (get-live-listing (stream-id uint))
  (let ((id (unwrap! (map-get? newest-listing stream-id) none)))
    (if (is-live id) (some id) none)))

;; -- Checks and parts

(define-private (is-live (id uint))
  (let (
      (listing (unwrap! (map-get? listings id) false))
      (stream-id (get stream-id listing))
    )
    (and
      (is-eq (get status listing) ACTIVE)
      (match (get expires-at listing) at (< stacks-block-time at) true)
      (is-eq (some id) (map-get? newest-listing stream-id))
      (is-eq (get moves listing) (contract-call? .bitpay-obligation-nft get-moves stream-id)))))

;; Something is still to vest, and the token may change hands. Returns holder and moves.
(define-private (check-sellable (stream-id uint))
  (let (
      (remaining (try! (contract-call? .bitpay-core get-remaining-amount stream-id)))
      (title (contract-call? .bitpay-obligation-nft get-title stream-id))
      (moves (unwrap! (get moves title) ERR_NOT_TRANSFERABLE))
    )
    (asserts! (> remaining u0) ERR_NOTHING_TO_SELL)
    (ok { holder: (get holder title), moves: moves })))

(define-private (check-price (price uint))
  (ok (asserts! (and (>= price MIN_PRICE) (<= price MAX_SATS)) ERR_PRICE_OUT_OF_RANGE)))

(define-private (check-expiry (at uint))
  (ok (asserts! (and (> at stacks-block-time) (<= at MAX_UNIX_TIME)) ERR_EXPIRY_OUT_OF_RANGE)))

;; Pays the seller what the stream has earned him, and makes sure that what is left is what the buyer wants.
;; Returns the sats paid.
(define-private (settle
    (stream-id uint)
    (seller principal)
    (min-remaining uint)
    (accept-cancelable bool))
  (let (
      (sale (try! (contract-call? .bitpay-core settle-for-sale stream-id seller)))
      (remaining (get remaining sale))
    )
    (asserts! (> remaining u0) ERR_NOTHING_TO_SELL)
    (asserts! (>= remaining min-remaining) ERR_TOO_LITTLE_REMAINS)
    (asserts! (or accept-cancelable (not (get cancelable sale))) ERR_CANCELABLE)
    (ok (get settled sale))))

;; Rounded up, so that no sale is free of it.
(define-private (fee-of (price uint) (bps uint)) (/ (+ (* price bps) (- BPS u1)) BPS))
