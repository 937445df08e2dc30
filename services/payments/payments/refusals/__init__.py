"""Holds every refusal of payments alone: code, status, text in both languages.

Refusal
├── PaymentNotFound             404  payment_not_found
├── PayeeNotFound               422  payee_not_found
├── PayeeNotActive              422  payee_not_active
├── PayeeIsPayer                422  payee_is_payer
├── PayerNotActive              403  payer_not_active
├── WalletNotFound              404  wallet_not_found
├── CurrencyMismatch            422  currency_mismatch
├── OnlyPayerMayPay             403  only_payer_may_pay
├── OnlyPayerMayCancel          403  only_payer_may_cancel
├── PaymentAlreadyFinal         409  payment_already_final
├── PaymentExpired              409  payment_expired
├── PaymentBeingCancelled       409  payment_being_cancelled
├── PaymentBeingCaptured        409  payment_being_captured
├── ServiceNotFound             404  service_not_found
├── ServiceNotActive            422  service_not_active
├── ServicePriceDiffers         422  service_price_differs
├── ServiceAmountMissing        422  service_amount_missing
├── OnlyOwnerMayEdit            403  only_owner_may_edit
├── BulkNotFound                404  bulk_not_found
├── PersonNotFound              404  user_not_found
├── LimitPerPayment             403  limit_per_payment
├── LimitPerDay                 403  limit_per_day
├── KeyLimitExceeded            403  key_limit_exceeded
├── ExecuteAtInThePast          422  execute_at_in_the_past
├── ExecuteAtTooFar             422  execute_at_too_far
├── RefundNotFound              404  refund_not_found
├── OnlyPayeeMayRefund          403  only_payee_may_refund
├── PaymentNotPaid              409  payment_not_paid
├── RefundExceedsPayment        409  refund_exceeds_payment
├── RefundNotCovered            409  refund_not_covered
├── RefundRefused               409  refund_refused
├── OnlyReservedMayBePaidInPart 422  only_reserved_may_be_paid_in_part
├── CaptureExceedsReservation   422  capture_exceeds_reservation
├── FixedPriceIsPaidWhole       422  fixed_price_is_paid_whole
├── ReservedIsPaidFromWallet    422  reserved_is_paid_from_wallet
├── PaymentIsDisputed           409  payment_disputed
├── ChargeNotFound              404  charge_not_found
├── LinesDoNotAddUp             422  lines_do_not_add_up
├── TooManyOpenPayments         409  too_many_open_payments
├── TooManyBulks                409  too_many_bulks
├── TooManyRefunds              409  too_many_refunds
├── TooManyServices             409  too_many_services
└── TooManyStreams              429  too_many_streams

Others stand where all who say them find them: `kit.refusals`, `kit.signatures`, `contracts.cards`,
`contracts.payments`.
"""

from payments.refusals.bounds import (
    TooManyBulks,
    TooManyOpenPayments,
    TooManyRefunds,
    TooManyServices,
    TooManyStreams,
)
from payments.refusals.captures import (
    CaptureExceedsReservation,
    FixedPriceIsPaidWhole,
    OnlyReservedMayBePaidInPart,
)
from payments.refusals.cards import (
    ChargeNotFound,
    LinesDoNotAddUp,
    PaymentIsDisputed,
    ReservedIsPaidFromWallet,
)
from payments.refusals.closed import (
    Open,
    open_faults,
)
from payments.refusals.payments import (
    BulkNotFound,
    CurrencyMismatch,
    ExecuteAtInThePast,
    ExecuteAtTooFar,
    KeyLimitExceeded,
    LimitPerDay,
    LimitPerPayment,
    OnlyOwnerMayEdit,
    OnlyPayeeMayRefund,
    OnlyPayerMayCancel,
    OnlyPayerMayPay,
    PayeeIsPayer,
    PayeeNotActive,
    PayeeNotFound,
    PayerNotActive,
    PaymentAlreadyFinal,
    PaymentBeingCancelled,
    PaymentBeingCaptured,
    PaymentExpired,
    PaymentNotFound,
    PaymentNotPaid,
    PersonNotFound,
    RefundExceedsPayment,
    RefundNotCovered,
    RefundNotFound,
    RefundRefused,
    ServiceAmountMissing,
    ServiceNotActive,
    ServiceNotFound,
    ServicePriceDiffers,
    WalletNotFound,
)

__all__ = [
    "BulkNotFound",
    "CaptureExceedsReservation",
    "ChargeNotFound",
    "CurrencyMismatch",
    "ExecuteAtInThePast",
    "ExecuteAtTooFar",
    "FixedPriceIsPaidWhole",
    "KeyLimitExceeded",
    "LimitPerDay",
    "LimitPerPayment",
    "LinesDoNotAddUp",
    "OnlyOwnerMayEdit",
    "OnlyPayeeMayRefund",
    "OnlyPayerMayCancel",
    "OnlyPayerMayPay",
    "OnlyReservedMayBePaidInPart",
    "Open",
    "PayeeIsPayer",
    "PayeeNotActive",
    "PayeeNotFound",
    "PayerNotActive",
    "PaymentAlreadyFinal",
    "PaymentBeingCancelled",
    "PaymentBeingCaptured",
    "PaymentExpired",
    "PaymentIsDisputed",
    "PaymentNotFound",
    "PaymentNotPaid",
    "PersonNotFound",
    "RefundExceedsPayment",
    "RefundNotCovered",
    "RefundNotFound",
    "RefundRefused",
    "ReservedIsPaidFromWallet",
    "ServiceAmountMissing",
    "ServiceNotActive",
    "ServiceNotFound",
    "ServicePriceDiffers",
    "TooManyBulks",
    "TooManyOpenPayments",
    "TooManyRefunds",
    "TooManyServices",
    "TooManyStreams",
    "WalletNotFound",
    "open_faults",
]
