"""Holds every refusal of shop: stable code, status, text in both languages.

Refusal
├── CategoryNotFound   404  category_not_found
├── ParentNotFound     422  parent_not_found
├── CategoryCycle      422  category_cycle
├── CategoryTooDeep    422  category_too_deep
├── CategoryInUse      409  category_in_use
├── ProductNotFound    404  product_not_found
├── ProductCategoryNotFound  422  product_category_not_found
├── StockOutOfRange    422  stock_out_of_range
├── SlugTaken          409  slug_taken
├── TooManyCategories  409  too_many_categories
├── OrderNotFound      404  order_not_found
├── ProductNotAvailable  422  product_not_available
├── OutOfStock         409  out_of_stock
├── CurrenciesMixed    422  currencies_mixed
├── OrderTooLarge      422  order_too_large
├── TooManyOpenOrders  409  too_many_open_orders
├── OrderNotPending    409  order_not_pending
├── OrderExpired       409  order_expired
├── OrderNotPaid       409  order_not_paid
├── ItemNotInOrder     422  item_not_in_order
├── RefundExceedsOrder  409  refund_exceeds_order
└── PaymentDeclined    409  payment_declined, and those of `payments`
"""

from shop.refusals.catalogue import (
    CategoryCycle,
    CategoryInUse,
    CategoryNotFound,
    CategoryTooDeep,
    ParentNotFound,
    ProductCategoryNotFound,
    ProductNotFound,
    SlugTaken,
    StockOutOfRange,
    TooManyCategories,
)
from shop.refusals.orders import (
    CurrenciesMixed,
    OrderExpired,
    OrderNotFound,
    OrderNotPending,
    OrderTooLarge,
    OutOfStock,
    ProductNotAvailable,
    TooManyOpenOrders,
)
from shop.refusals.payments import (
    PAYMENT_REFUSALS,
    BuyerLimitPerDay,
    BuyerLimitPerPayment,
    CheckDenied,
    CheckUnavailable,
    InsufficientFunds,
    PaymentDeclined,
    PaymentsUnavailable,
    WalletFrozen,
    WalletUnavailable,
    declined,
)
from shop.refusals.refunds import ItemNotInOrder, OrderNotPaid, RefundExceedsOrder

__all__ = [
    "PAYMENT_REFUSALS",
    "BuyerLimitPerDay",
    "BuyerLimitPerPayment",
    "CategoryCycle",
    "CategoryInUse",
    "CategoryNotFound",
    "CategoryTooDeep",
    "CheckDenied",
    "CheckUnavailable",
    "CurrenciesMixed",
    "InsufficientFunds",
    "ItemNotInOrder",
    "OrderExpired",
    "OrderNotFound",
    "OrderNotPaid",
    "OrderNotPending",
    "OrderTooLarge",
    "OutOfStock",
    "ParentNotFound",
    "PaymentDeclined",
    "PaymentsUnavailable",
    "ProductCategoryNotFound",
    "ProductNotAvailable",
    "ProductNotFound",
    "RefundExceedsOrder",
    "SlugTaken",
    "StockOutOfRange",
    "TooManyCategories",
    "TooManyOpenOrders",
    "WalletFrozen",
    "WalletUnavailable",
    "declined",
]
