;; What BitPay's contracts have written down, in one read: what a refused call must not change. (Every call of another
;; contract loads it anew, so this asks each as little as it can.)

(define-read-only (facts (people (list 40 principal)))
  {
    vault: {
      balance: (contract-call? .bitpay-sbtc-helper get-vault-balance),
      liabilities: (contract-call? .bitpay-sbtc-helper get-liabilities),
      core: (contract-call? .bitpay-sbtc-helper get-account .bitpay-core),
      marketplace: (contract-call? .bitpay-sbtc-helper get-account .bitpay-marketplace),
      treasury: (contract-call? .bitpay-sbtc-helper get-account .bitpay-treasury),
    },
    balances: (map balance-of people),
    streams: (map stream-facts (ids (contract-call? .bitpay-core get-stream-count))),
    listings: (map listing-facts (ids (contract-call? .bitpay-marketplace get-listing-count))),
    offers: (map offer-facts (ids (contract-call? .bitpay-marketplace get-offer-count))),
    proposals: (map proposal-facts (ids (contract-call? .bitpay-treasury get-proposal-count))),
    admins: (contract-call? .bitpay-access-control get-admins),
    admitted: (map is-admin people),
    operating: (map is-operator people),
    threshold: (contract-call? .bitpay-access-control get-threshold),
    paused: (contract-call? .bitpay-access-control is-paused),
    fees: (contract-call? .bitpay-access-control get-fees),
    limit: (contract-call? .bitpay-treasury get-limit),
    spent: (contract-call? .bitpay-treasury get-spent-in-window),
    time: stacks-block-time,
    height: stacks-block-height,
  })

(define-private (balance-of (who principal)) (contract-call? .bitpay-sbtc-helper get-balance who))

(define-private (is-admin (who principal)) (contract-call? .bitpay-access-control is-admin who))

(define-private (is-operator (who principal)) (contract-call? .bitpay-access-control is-operator who))

(define-private (stream-facts (id uint))
  {
    stream: (contract-call? .bitpay-core get-stream id),
    title: (contract-call? .bitpay-obligation-nft get-title id),
    receipt: (contract-call? .bitpay-nft get-receipt id),
  })

(define-private (listing-facts (id uint)) (contract-call? .bitpay-marketplace get-listing id))

(define-private (offer-facts (id uint)) (contract-call? .bitpay-marketplace get-offer id))

(define-private (proposal-facts (id uint)) (contract-call? .bitpay-treasury get-proposal id))

;; u1 ... count, as many as fit.
(define-private (ids (count uint))
  (default-to (list) (slice? COUNTING u0 (if (< count u100) count u100))))

(define-constant COUNTING (list
  u1 u2 u3 u4 u5 u6 u7 u8 u9 u10 u11 u12 u13 u14 u15 u16 u17 u18 u19 u20
  u21 u22 u23 u24 u25 u26 u27 u28 u29 u30 u31 u32 u33 u34 u35 u36 u37 u38 u39 u40
  u41 u42 u43 u44 u45 u46 u47 u48 u49 u50 u51 u52 u53 u54 u55 u56 u57 u58 u59 u60
  u61 u62 u63 u64 u65 u66 u67 u68 u69 u70 u71 u72 u73 u74 u75 u76 u77 u78 u79 u80
  u81 u82 u83 u84 u85 u86 u87 u88 u89 u90 u91 u92 u93 u94 u95 u96 u97 u98 u99 u100
))
