;; bitpay-nft
;;
;; The receipt: minted to a stream's holder when the stream is depleted, with what was paid in all. Its id is
;; the stream's. It says what happened, so it cannot be transferred. This contract calls nobody.

(define-constant ERR_NOT_CORE (err u300))
(define-constant ERR_NOT_TRANSFERABLE (err u301))
(define-constant ERR_ALREADY_MINTED (err u302))

;; SIP-016 metadata that needs no server: a reader puts the token's id where `{id}` stands.
(define-constant TOKEN_URI
  (if is-in-mainnet
    "data:application/json,%7B%22sip%22:16,%22name%22:%22BitPay%20receipt%20{id}%22,%22description%22:%22Paid%20out:%20BitPay%20stream%20{id}%22%7D"
    "data:application/json,%7B%22sip%22:16,%22name%22:%22BitPay%20testnet%20receipt%20{id}%22,%22description%22:%22Paid%20out:%20BitPay%20testnet%20stream%20{id}%22%7D"))

(define-non-fungible-token receipt uint)

;; Streams are depleted in any order, so the last id is the highest that was ever minted.
(define-data-var last-id uint u0)

;; `paid` is all ever withdrawn, in sats; `start` and `end` are on the stream's own clock; `payer` opened it.
(define-map receipts uint { payer: principal, paid: uint, start: uint, end: uint })

;; -- SIP-009

(define-read-only (get-last-token-id) (ok (var-get last-id)))

(define-read-only (get-token-uri (id uint)) (ok (some TOKEN_URI)))

(define-read-only (get-owner (id uint)) (ok (nft-get-owner? receipt id)))

(define-public (transfer (id uint) (sender principal) (recipient principal))
  (ok (asserts! false ERR_NOT_TRANSFERABLE)))

;; -- The receipt itself

(define-read-only (get-receipt (id uint)) (map-get? receipts id))

(define-public (mint
    (id uint)
    (holder principal)
    (payer principal)
    (paid uint)
    (start uint)
    (end uint))
  (begin
    (asserts! (is-eq contract-caller .bitpay-core) ERR_NOT_CORE)
    (unwrap! (nft-mint? receipt id holder) ERR_ALREADY_MINTED)
    (map-insert receipts id { payer: payer, paid: paid, start: start, end: end })
    (if (> id (var-get last-id)) (var-set last-id id) true)
    (print {
      event: "receipt-minted",
      v: u1,
      stream-id: id,
      holder: holder,
      payer: payer,
      paid: paid,
      start: start,
      end: end,
    })
    (ok true)))
