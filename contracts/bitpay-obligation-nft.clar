;; bitpay-obligation-nft
;;
;; The right to be paid by a stream. Its id is the stream's; whoever holds it when money is withdrawn is paid.
;; Sell it, and the future income goes with it. This contract calls nobody.

(define-constant ERR_NOT_CORE (err u400))
(define-constant ERR_NOT_MOVER (err u401))
(define-constant ERR_NOT_OWN_CALL (err u402))
(define-constant ERR_NOT_HOLDER (err u403))
(define-constant ERR_NOT_TRANSFERABLE (err u404))
(define-constant ERR_VAULT_AS_RECIPIENT (err u405))
(define-constant ERR_SAME_HOLDER (err u406))
(define-constant ERR_ALREADY_MINTED (err u407))

;; SIP-016 metadata that needs no server: a reader puts the token's id where `{id}` stands.
(define-constant TOKEN_URI
  (if is-in-mainnet
    "data:application/json,%7B%22sip%22:16,%22name%22:%22BitPay%20stream%20{id}%22,%22description%22:%22The%20right%20to%20be%20paid%20by%20BitPay%20stream%20{id}%22%7D"
    "data:application/json,%7B%22sip%22:16,%22name%22:%22BitPay%20testnet%20stream%20{id}%22,%22description%22:%22The%20right%20to%20be%20paid%20by%20BitPay%20testnet%20stream%20{id}%22%7D"))

(define-non-fungible-token obligation uint)

(define-data-var last-id uint u0)

;; How often each token changed hands; what was agreed with an earlier holder can be told by it. No entry is u0;
;; none is a token that may not change hands. One entry for both, because every sale reads both.
(define-map moves uint (optional uint))

;; -- SIP-009

(define-read-only (get-last-token-id) (ok (var-get last-id)))

(define-read-only (get-token-uri (id uint)) (ok (some TOKEN_URI)))

(define-read-only (get-owner (id uint)) (ok (nft-get-owner? obligation id)))

(define-public (transfer (id uint) (sender principal) (recipient principal))
  (begin
    (asserts! (or (is-eq sender tx-sender) (is-eq sender contract-caller)) ERR_NOT_OWN_CALL)
    (hand-over id sender recipient)))

;; -- Reads

(define-read-only (get-holder (id uint)) (nft-get-owner? obligation id))

(define-read-only (get-moves (id uint)) (default-to u0 (moves-if-free id)))

(define-read-only (is-transferable (id uint)) (is-some (moves-if-free id)))

;; All that a sale asks about a token, in one call. `moves` is none where it may not change hands.
(define-read-only (get-title (id uint))
  { holder: (get-holder id), moves: (moves-if-free id) })

;; -- bitpay-core and bitpay-marketplace

(define-public (mint (id uint) (holder principal) (transferable bool))
  (begin
    (asserts! (is-eq contract-caller .bitpay-core) ERR_NOT_CORE)
    (unwrap! (nft-mint? obligation id holder) ERR_ALREADY_MINTED)
    (var-set last-id id)
    (or transferable (map-insert moves id none))
    (print {
      event: "obligation-minted",
      v: u1,
      stream-id: id,
      holder: holder,
      transferable: transferable,
    })
    (ok true)))

;; core has made sure that the stream is depleted.
(define-public (burn (id uint) (holder principal))
  (begin
    (asserts! (is-eq contract-caller .bitpay-core) ERR_NOT_CORE)
    (unwrap! (nft-burn? obligation id holder) ERR_NOT_HOLDER)
    (print { event: "obligation-burned", v: u1, stream-id: id, holder: holder })
    (ok true)))

;; The caller, core or marketplace, has made sure that `from` wants this.
(define-public (move (id uint) (from principal) (to principal))
  (begin
    (asserts!
      (or (is-eq contract-caller .bitpay-core) (is-eq contract-caller .bitpay-marketplace))
      ERR_NOT_MOVER)
    (hand-over id from to)))

;; -- Parts

(define-private (moves-if-free (id uint)) (default-to (some u0) (map-get? moves id)))

(define-private (hand-over (id uint) (from principal) (to principal))
  (let ((count (+ (unwrap! (moves-if-free id) ERR_NOT_TRANSFERABLE) u1)))
    (asserts! (not (is-eq to .bitpay-sbtc-helper)) ERR_VAULT_AS_RECIPIENT)
    (asserts! (not (is-eq from to)) ERR_SAME_HOLDER)
    (unwrap! (nft-transfer? obligation id from to) ERR_NOT_HOLDER)
    (map-set moves id (some count))
    (print {
      event: "obligation-transferred",
      v: u1,
      stream-id: id,
      from: from,
      to: to,
      moves: count,
    })
    (ok true)))
