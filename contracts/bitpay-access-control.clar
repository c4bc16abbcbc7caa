;; bitpay-access-control
;;
;; Who may do what: the admins and their threshold, the operators, the pause switch and the fee rates live
;; here and nowhere else. This contract holds no money and calls nobody.
;;
;; The deployer finalises once, naming the first admins and operators, and is nobody from then on. An admin
;; or an operator can pause. Every other change comes from bitpay-treasury alone, where it has passed
;; proposal, threshold and timelock.

(define-constant ERR_NOT_DEPLOYER (err u100))
(define-constant ERR_ALREADY_FINALIZED (err u101))
(define-constant ERR_NOT_FINALIZED (err u102))
(define-constant ERR_PAUSED (err u103))
(define-constant ERR_NOT_PAUSED (err u104))
(define-constant ERR_NOT_ADMIN_OR_OPERATOR (err u105))
(define-constant ERR_NOT_TREASURY (err u106))
(define-constant ERR_NO_ADMINS (err u107))
(define-constant ERR_ALREADY_ADMIN (err u108))
(define-constant ERR_UNKNOWN_ADMIN (err u109))
(define-constant ERR_TOO_MANY_ADMINS (err u110))
(define-constant ERR_THRESHOLD_OUT_OF_RANGE (err u111))
(define-constant ERR_ALREADY_OPERATOR (err u112))
(define-constant ERR_UNKNOWN_OPERATOR (err u113))
(define-constant ERR_FEE_ABOVE_CAP (err u114))

;; No proposal can raise a fee above these, in basis points (u100 = 1 %).
(define-constant MAX_CREATION_BPS u100)
(define-constant MAX_MARKETPLACE_BPS u500)

(define-constant DEPLOYER tx-sender)

;; One word for what could be two flags: everything that begins new business reads it.
(define-constant UNFINALIZED "unfinalized")
(define-constant OPEN "open")
(define-constant PAUSED "paused")
(define-data-var phase (string-ascii 11) UNFINALIZED)

;; Basis points of a stream's amount and of a sale's price.
(define-data-var creation-bps uint u10)
(define-data-var marketplace-bps uint u25)

;; `admins` and `terms` always name the same principals. Each admission gets a term number of its own, so that
;; an approval given in an earlier term does not come back to life with a readmission.
(define-data-var admins (list 10 principal) (list))
(define-data-var threshold uint u0)
(define-data-var last-term uint u0)
(define-map terms principal uint)
(define-map operators principal bool)

;; -- Reads

(define-read-only (is-admin (who principal)) (is-some (map-get? terms who)))

(define-read-only (is-operator (who principal)) (is-some (map-get? operators who)))

(define-read-only (is-paused) (is-eq (var-get phase) PAUSED))

(define-read-only (is-finalized) (not (is-eq (var-get phase) UNFINALIZED)))

(define-read-only (get-admins) (var-get admins))

(define-read-only (get-threshold) (var-get threshold))

(define-read-only (get-fees)
  { creation: (var-get creation-bps), marketplace: (var-get marketplace-bps) })

;; The term in which `who` is an admin, if he is one.
(define-read-only (get-term (who principal)) (map-get? terms who))

;; All that counting approvals needs, in one call.
(define-read-only (get-council)
  { threshold: (var-get threshold), members: (map to-member (var-get admins)) })

;; Whether new business may begin now, or why not.
(define-read-only (check-open)
  (let ((now (var-get phase)))
    (asserts! (is-eq now OPEN) (if (is-eq now PAUSED) ERR_PAUSED ERR_NOT_FINALIZED))
    (ok true)))

;; All that opening a stream needs to know, in one call: the rate in basis points, or why not now.
(define-read-only (get-creation-bps) (begin (try! (check-open)) (ok (var-get creation-bps))))

;; All that beginning a sale needs to know, likewise.
(define-read-only (get-marketplace-bps) (begin (try! (check-open)) (ok (var-get marketplace-bps))))

;; -- The deployer, once

;; Names the first admins, their threshold and the operators. Terms are numbered u1, u2, ... in the order given.
(define-public (finalize
    (first-admins (list 10 principal))
    (first-threshold uint)
    (first-operators (list 10 principal)))
  (begin
    (asserts! (is-eq contract-caller DEPLOYER) ERR_NOT_DEPLOYER)
    (asserts! (not (is-finalized)) ERR_ALREADY_FINALIZED)
    (asserts! (> (len first-admins) u0) ERR_NO_ADMINS)
    (try! (check-threshold first-threshold (len first-admins)))
    (try! (fold admit first-admins (ok true)))
    (try! (fold grant first-operators (ok true)))
    (var-set admins first-admins)
    (var-set threshold first-threshold)
    (var-set phase OPEN)
    (print {
      event: "finalized",
      v: u1,
      admins: first-admins,
      threshold: first-threshold,
      operators: first-operators,
    })
    (ok true)))

;; -- Admins and operators

;; Stops new business; whatever exists goes on.
(define-public (pause)
  (begin
    (asserts! (or (is-admin contract-caller) (is-operator contract-caller)) ERR_NOT_ADMIN_OR_OPERATOR)
    (try! (check-open))
    (var-set phase PAUSED)
    (print { event: "paused", v: u1, by: contract-caller })
    (ok true)))

;; -- The treasury, executing proposals

(define-public (unpause)
  (begin
    (try! (check-treasury))
    (asserts! (is-paused) ERR_NOT_PAUSED)
    (var-set phase OPEN)
    (print { event: "unpaused", v: u1, by: contract-caller })
    (ok true)))

(define-public (add-admin (who principal))
  (begin
    (try! (check-treasury))
    (try! (admit who (ok true)))
    (var-set admins
      (unwrap! (as-max-len? (append (var-get admins) who) u10) ERR_TOO_MANY_ADMINS))
    (print { event: "admin-added", v: u1, admin: who, term: (var-get last-term) })
    (ok true)))

;; Refused where fewer admins than the threshold would remain.
(define-public (remove-admin (who principal))
  (begin
    (try! (check-treasury))
    (asserts! (map-delete terms who) ERR_UNKNOWN_ADMIN)
    (var-set admins (filter is-admin (var-get admins)))
    (try! (check-threshold (var-get threshold) (len (var-get admins))))
    (print { event: "admin-removed", v: u1, admin: who })
    (ok true)))

(define-public (set-threshold (n uint))
  (begin
    (try! (check-treasury))
    (try! (check-threshold n (len (var-get admins))))
    (var-set threshold n)
    (print { event: "threshold-changed", v: u1, threshold: n })
    (ok true)))

(define-public (grant-operator (who principal))
  (begin
    (try! (check-treasury))
    (try! (grant who (ok true)))
    (print { event: "operator-granted", v: u1, operator: who })
    (ok true)))

(define-public (revoke-operator (who principal))
  (begin
    (try! (check-treasury))
    (asserts! (map-delete operators who) ERR_UNKNOWN_OPERATOR)
    (print { event: "operator-revoked", v: u1, operator: who })
    (ok true)))

(define-public (set-fees (creation uint) (marketplace uint))
  (begin
    (try! (check-treasury))
    (try! (check-fees creation marketplace))
    (var-set creation-bps creation)
    (var-set marketplace-bps marketplace)
    (print { event: "fees-changed", v: u1, creation: creation, marketplace: marketplace })
    (ok true)))

;; -- Checks and parts

;; The treasury asks this too when fees are proposed: what can never be executed is not put to a vote.
(define-read-only (check-fees (creation uint) (marketplace uint))
  (ok (asserts!
    (and (<= creation MAX_CREATION_BPS) (<= marketplace MAX_MARKETPLACE_BPS))
    ERR_FEE_ABOVE_CAP)))

(define-private (check-treasury)
  (ok (asserts! (is-eq contract-caller .bitpay-treasury) ERR_NOT_TREASURY)))

(define-private (check-threshold (n uint) (members uint))
  (ok (asserts! (and (>= n u1) (<= n members)) ERR_THRESHOLD_OUT_OF_RANGE)))

(define-private (admit (who principal) (so-far (response bool uint)))
  (let ((term (+ (var-get last-term) u1)))
    (try! so-far)
    (asserts! (map-insert terms who term) ERR_ALREADY_ADMIN)
    (ok (var-set last-term term))))

(define-private (grant (who principal) (so-far (response bool uint)))
  (begin
    (try! so-far)
    (ok (asserts! (map-insert operators who true) ERR_ALREADY_OPERATOR))))

(define-private (to-member (who principal))
  { who: who, term: (default-to u0 (map-get? terms who)) })
