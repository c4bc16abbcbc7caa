;; Comes before the tests of each contract. What stands between @ signs is filled in when the project is laid out.

(define-constant PEOPLE (list @PEOPLE@))

;; All sats that were ever minted.
(define-constant ALL_SATS @ALL_SATS@)

;; There is nothing of the kind that was looked for, or too much to go on.
(define-constant NOTHING (err u9000))

(define-constant OFFSETS (list
  u0 u1 u2 u3 u4 u5 u6 u7 u8 u9 u10 u11 u12 u13 u14 u15
  u16 u17 u18 u19 u20 u21 u22 u23 u24 u25 u26 u27 u28 u29 u30 u31))

;; So many rows of OFFSETS are looked at when something is added up over all ids.
(define-constant MOST u1024)

(define-private (pick (n uint) (count uint)) (if (is-eq count u0) u0 (+ u1 (mod n count))))

(define-private (least (a uint) (b uint)) (if (< a b) a b))

(define-private (minus (a uint) (b uint)) (if (> a b) (- a b) u0))

(define-private (sats-of (who principal)) (contract-call? .bitpay-sbtc-helper get-balance who))

(define-private (add-sats (who principal) (sum uint)) (+ sum (sats-of who)))

;; 2. No sat appears or vanishes.
(define-read-only (invariant-sats-are-conserved)
  (is-eq ALL_SATS
    (+ (fold add-sats PEOPLE u0)
      (sats-of current-contract)
      (contract-call? .bitpay-sbtc-helper get-vault-balance))))

;; 1. The vault covers what it owes, which is the sum of its accounts.
(define-read-only (invariant-vault-covers-its-accounts)
  (let ((liabilities (contract-call? .bitpay-sbtc-helper get-liabilities)))
    (and
      (>= (contract-call? .bitpay-sbtc-helper get-vault-balance) liabilities)
      (is-eq liabilities (+
        (contract-call? .bitpay-sbtc-helper get-account .bitpay-core)
        (contract-call? .bitpay-sbtc-helper get-account .bitpay-marketplace)
        (contract-call? .bitpay-sbtc-helper get-account .bitpay-treasury))))))
