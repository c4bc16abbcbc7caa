;; bitpay-sbtc-helper: the vault
;;
;; The only place where BitPay's sats lie, and the only contract that knows sBTC. It keeps one account for
;; each of core, marketplace and treasury; each can spend its own account and no other. It never asks whether
;; BitPay is paused or who is an admin: nobody has power over money in streams.

(define-constant ERR_NOT_ALLOWED (err u200))
(define-constant ERR_PAYER_SHORT (err u201))
(define-constant ERR_ACCOUNT_SHORT (err u202))
(define-constant ERR_VAULT_AS_RECIPIENT (err u203))
(define-constant ERR_AMOUNT_OUT_OF_RANGE (err u204))
(define-constant ERR_SBTC_REFUSED (err u205))
(define-constant ERR_NO_SURPLUS (err u206))

;; sBTC on this network. The calls below name it once more each: a call's target must be a literal.
(define-constant SBTC 'SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token)

;; What sBTC's transfer answers when the sender has too little.
(define-constant SBTC_ERR_SHORT u1)

;; 21 million BTC in sats: no larger sum exists, and sums of a few cannot overflow.
(define-constant MAX_SATS u2100000000000000)

;; Sats that belong to each contract. These three have an account and nobody else ever will.
(define-map accounts principal uint)
(map-set accounts .bitpay-core u0)
(map-set accounts .bitpay-marketplace u0)
(map-set accounts .bitpay-treasury u0)

;; -- Reads

(define-read-only (get-account (contract principal)) (default-to u0 (map-get? accounts contract)))

(define-read-only (get-liabilities)
  (+ (get-account .bitpay-core) (get-account .bitpay-marketplace) (get-account .bitpay-treasury)))

(define-read-only (get-vault-balance) (get-balance current-contract))

;; Spendable sBTC of anyone, in sats; what sBTC has locked for a withdrawal to Bitcoin does not count.
(define-read-only (get-balance (who principal))
  (unwrap!
    (contract-call? 'SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token get-balance-available who)
    u0))

;; -- Money in

;; From whoever signed: `amount` for the calling contract's account, `fee` for the treasury's.
(define-public (deposit (amount uint) (fee uint))
  (begin
    (asserts!
      (or (is-eq contract-caller .bitpay-core) (is-eq contract-caller .bitpay-marketplace))
      ERR_NOT_ALLOWED)
    (try! (check-amounts amount fee))
    (try! (move-sbtc (+ amount fee) tx-sender current-contract))
    (credit contract-caller amount)
    (credit .bitpay-treasury fee)
    (ok true)))

;; A sale: whoever signed pays `amount` to the seller directly and `fee` to the treasury's account.
(define-public (pay (to principal) (amount uint) (fee uint))
  (begin
    (asserts! (is-eq contract-caller .bitpay-marketplace) ERR_NOT_ALLOWED)
    (asserts! (not (is-eq to current-contract)) ERR_VAULT_AS_RECIPIENT)
    (try! (check-amounts amount fee))
    (try! (move-sbtc amount tx-sender to))
    (and (> fee u0) (try! (move-sbtc fee tx-sender current-contract)))
    (credit .bitpay-treasury fee)
    (ok true)))

;; -- Money out

;; `amount` from the calling contract's own account. The allowance is exactly what moves.
(define-public (payout (amount uint) (to principal))
  (begin
    (asserts! (not (is-eq to current-contract)) ERR_VAULT_AS_RECIPIENT)
    (try! (debit contract-caller amount))
    (unwrap!
      (as-contract? ((with-ft SBTC "sbtc-token" amount))
        (try! (move-sbtc amount current-contract to)))
      ERR_SBTC_REFUSED)
    (ok true)))

;; -- Between accounts

;; A fee out of an escrow.
(define-public (credit-treasury (amount uint))
  (begin
    (asserts! (is-eq contract-caller .bitpay-marketplace) ERR_NOT_ALLOWED)
    (try! (debit contract-caller amount))
    (credit .bitpay-treasury amount)
    (ok true)))

;; What somebody sent here without being asked belongs to no account: the treasury may have it. Returns the sats.
(define-public (sweep)
  (let (
      (balance (get-vault-balance))
      (liabilities (get-liabilities))
    )
    (asserts! (is-eq contract-caller .bitpay-treasury) ERR_NOT_ALLOWED)
    (asserts! (> balance liabilities) ERR_NO_SURPLUS)
    (credit .bitpay-treasury (- balance liabilities))
    (print { event: "surplus-swept", v: u1, amount: (- balance liabilities) })
    (ok (- balance liabilities))))

;; -- Parts

(define-private (check-amounts (amount uint) (fee uint))
  (ok (asserts! (and (<= amount MAX_SATS) (<= fee MAX_SATS)) ERR_AMOUNT_OUT_OF_RANGE)))

(define-private (credit (contract principal) (amount uint))
  (if (> amount u0)
    (map-set accounts contract (+ (get-account contract) amount))
    true))

(define-private (debit (contract principal) (amount uint))
  (let ((held (unwrap! (map-get? accounts contract) ERR_NOT_ALLOWED)))
    (asserts! (<= amount held) ERR_ACCOUNT_SHORT)
    (ok (map-set accounts contract (- held amount)))))

;; sBTC's own error codes end here.
(define-private (move-sbtc (amount uint) (from principal) (to principal))
  (match (contract-call? 'SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token transfer amount from to none)
    done (ok done)
    code (if (is-eq code SBTC_ERR_SHORT) ERR_PAYER_SHORT ERR_SBTC_REFUSED)))
