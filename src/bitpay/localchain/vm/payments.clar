;; What a node does outside of contracts, done by one: fees and STX transfers with a memo.
(define-public (pay-fee (amount uint))
  (stx-transfer? amount tx-sender current-contract))

(define-public (transfer (amount uint) (recipient principal) (memo (buff 34)))
  (stx-transfer-memo? amount tx-sender recipient memo))

(define-read-only (balance-of (who principal))
  (stx-get-balance who))

(define-read-only (account-of (who principal))
  (stx-account who))
