"""Contracts that the tests of the local chain deploy."""

COUNTER = """
(define-constant STEP u2)
(define-constant DOUBLE (* STEP u2))
(define-data-var owner principal tx-sender)
(define-data-var count uint u0)
(define-map visits principal uint)
(define-read-only (get-count) (var-get count))
(define-read-only (clock) {time: stacks-block-time, height: stacks-block-height, burn: burn-block-height})
(define-public (increment (by uint))
  (begin
    (map-set visits tx-sender by)
    (var-set count (+ (var-get count) by))
    (print {event: "increment", by: by, time: stacks-block-time})
    (ok (var-get count))))
(define-public (refuse) (begin (var-set count u999) (err u7)))
(define-public (panic) (begin (var-set count u999) (ok (- u0 u1))))
"""

VAULT = """
(define-fungible-token gold)
(define-non-fungible-token deed uint)
(define-public (fund) (begin (try! (ft-mint? gold u100 tx-sender)) (nft-mint? deed u1 tx-sender)))
(define-public (give-gold (to principal)) (ft-transfer? gold u10 tx-sender to))
(define-public (burn-gold) (ft-burn? gold u10 tx-sender))
(define-public (give-deed (to principal)) (nft-transfer? deed u1 tx-sender to))
(define-public (give-stx (to principal)) (stx-transfer? u10 tx-sender to))
(define-public (burn-stx) (stx-burn? u10 tx-sender))
(define-public (deposit) (stx-transfer? u50 tx-sender current-contract))
(define-public (pay-out (to principal))
  (as-contract? ((with-stx u50)) (try! (stx-transfer? u50 tx-sender to))))
"""

BATCH = """
(define-public (pay (amount uint) (to principal))
  (begin (try! (stx-transfer? amount tx-sender to)) (ok (asserts! (>= amount u10) (err u1)))))
(define-private (pay-next (amount uint) (to principal)) (begin (is-ok (pay amount to)) to))
(define-public (pay-all (amounts (list 5 uint)) (to principal)) (ok (fold pay-next amounts to)))
"""

PAYER = """
(define-public (pay (to principal))
  (begin (print {event: "paid", to: to}) (stx-transfer? u10 tx-sender to)))
"""

TALKER = """
(define-public (say (what (string-utf8 20))) (begin (print {to: (list tx-sender), what: what}) (ok what)))
"""
