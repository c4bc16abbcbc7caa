;; A company's account: whoever deployed it directs it.

(define-constant DIRECTOR tx-sender)
(define-constant ERR_NOT_DIRECTOR (err u1))

(define-private (check) (ok (asserts! (is-eq tx-sender DIRECTOR) ERR_NOT_DIRECTOR)))

(define-public (accept-side (id uint))
  (begin (try! (check)) (contract-call? .bitpay-core accept-sender id)))
(define-public (top-up (id uint) (amount uint))
  (begin (try! (check)) (contract-call? .bitpay-core top-up-stream id amount)))
(define-public (cancel (id uint))
  (begin (try! (check)) (contract-call? .bitpay-core cancel-stream id)))
(define-public (pay (id uint) (amount uint) (to principal))
  (begin (try! (check)) (contract-call? .bitpay-core withdraw-to id (some amount) to)))
(define-public (offer-for-sale (id uint) (price uint))
  (begin (try! (check)) (contract-call? .bitpay-marketplace list-stream id price none)))
(define-public (accept (id uint))
  (begin (try! (check)) (contract-call? .bitpay-marketplace accept-offer id)))
(define-public (hand-on (id uint) (to principal))
  (begin (try! (check)) (contract-call? .bitpay-core withdraw-and-transfer id to)))
