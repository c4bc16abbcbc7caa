;; What the property tests read after every step. Each part is put at the end of the contract that it is named
;; for, because a call into a contract costs the VM much more than what is then asked. It only reads, and only
;; what the contract itself tells everyone.

;; == bitpay-sbtc-helper

(define-read-only (probe-vault)
  {
    balance: (get-vault-balance),
    liabilities: (get-liabilities),
    core: (get-account .bitpay-core),
    marketplace: (get-account .bitpay-marketplace),
    treasury: (get-account .bitpay-treasury),
  })

(define-read-only (probe-balances (who (list 40 principal))) (map get-balance who))

;; == bitpay-access-control

(define-read-only (probe-access (who (list 40 principal)))
  {
    finalized: (is-finalized),
    paused: (is-paused),
    admins: (get-admins),
    threshold: (get-threshold),
    fees: (get-fees),
    are-admins: (map is-admin who),
    are-operators: (map is-operator who),
  })

;; == bitpay-obligation-nft

(define-read-only (probe-token (id uint)) { owner: (get-owner id), moves: (get-moves id) })

;; == bitpay-nft

(define-read-only (probe-receipt (id uint)) { receipt: (get-receipt id), owner: (get-owner id) })

;; == bitpay-core

;; What time alone changes.
(define-read-only (probe-pulse (id uint))
  {
    vested: (get-vested-amount id),
    withdrawable: (get-withdrawable-amount id),
    status: (get-status id),
  })

(define-read-only (probe-stream (id uint))
  {
    stream: (get-stream id),
    schedule: (get-schedule id),
    refundable: (get-refundable-amount id),
    remaining: (get-remaining-amount id),
    proposed-sender: (get-proposed-sender id),
    holder: (get-holder id),
    token: (contract-call? .bitpay-obligation-nft probe-token id),
    receipt: (contract-call? .bitpay-nft probe-receipt id),
  })

(define-read-only (probe-streams (all-ids (list 99 uint)) (some-ids (list 99 uint)))
  {
    time: stacks-block-time,
    height: stacks-block-height,
    count: (get-stream-count),
    pulses: (map probe-pulse all-ids),
    streams: (map probe-stream some-ids),
    vault: (contract-call? .bitpay-sbtc-helper probe-vault),
  })

;; Of each stream what has vested at the moment beside it.
(define-read-only (probe-vested (some-ids (list 99 uint)) (moments (list 99 uint)))
  (map get-vested-amount-at some-ids moments))

;; == bitpay-marketplace

(define-read-only (probe-sales (some-listings (list 99 uint)) (some-offers (list 99 uint)) (some-streams (list 99 uint)))
  {
    listing-count: (get-listing-count),
    offer-count: (get-offer-count),
    listings: (map get-listing some-listings),
    offers: (map get-offer some-offers),
    live: (map get-live-listing some-streams),
  })

;; == bitpay-treasury

(define-read-only (probe-council (some-proposals (list 99 uint)))
  {
    proposal-count: (get-proposal-count),
    proposals: (map get-proposal some-proposals),
    balance: (get-balance),
    limit: (get-limit),
    spent: (get-spent-in-window),
  })
