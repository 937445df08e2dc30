"""Defines the tables of orders: items, payments, refunds, disputes.

Items keep the id, name and price of the moment, and refer to no product: it may be deleted.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)

from shop.tables.catalogue import METADATA

_AT = DateTime(timezone=True)

shop_order = Table(
    "shop_order",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("refund_asked_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("refunded_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("is_bought", Boolean, nullable=False),
    Column("payment_id", Uuid),
    Column("has_open_card", Boolean, nullable=False, server_default=text("false")),
    Column("reason", Text),
    Column("created_at", _AT, nullable=False),
    Column("expires_at", _AT, nullable=False),
    Column("paid_at", _AT),
    Column("cancelled_at", _AT),
    Column("refunded_at", _AT),
    CheckConstraint(
        "status IN ('pending', 'paying', 'paid', 'cancelled', 'refunded')", name="status_is_known"
    ),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_a_code"),
    CheckConstraint("total_minor BETWEEN 1 AND 1000000000000000", name="total_is_in_range"),
    CheckConstraint(
        "0 <= refunded_minor AND refunded_minor <= refund_asked_minor"
        " AND refund_asked_minor <= total_minor",
        name="refunds_fit_the_total",
    ),
    CheckConstraint(
        "refund_asked_minor = 0 OR status IN ('paid', 'refunded')", name="only_paid_is_refunded"
    ),
    CheckConstraint(
        "(status IN ('paid', 'refunded')) = (paid_at IS NOT NULL)", name="paid_has_its_time"
    ),
    CheckConstraint(
        "(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_has_its_time"
    ),
    CheckConstraint(
        "(status = 'refunded') = (refunded_at IS NOT NULL)", name="refunded_has_its_time"
    ),
    CheckConstraint(
        "status IN ('pending', 'cancelled') OR payment_id IS NOT NULL",
        name="what_is_paid_has_its_payment",
    ),
    CheckConstraint(
        "NOT has_open_card OR (status = 'pending' AND payment_id IS NOT NULL)",
        name="open_card_leaves_it_pending",
    ),
    Index("ix_shop_order_owner_id_created_at_id", "owner_id", "created_at", "id"),
    Index("ix_shop_order_owner_id_status_created_at_id", "owner_id", "status", "created_at", "id"),
    Index("ix_shop_order_created_at_id", "created_at", "id"),
    Index("ix_shop_order_status_created_at_id", "status", "created_at", "id"),
    Index("ix_shop_order_payment_id", "payment_id"),
    Index("ix_shop_order_overdue", "expires_at", postgresql_where=text("status = 'pending'")),
    Index(
        "ix_shop_order_open",
        "owner_id",
        postgresql_where=text("status IN ('pending', 'paying')"),
    ),
)

order_item = Table(
    "order_item",
    METADATA,
    Column("order_id", Uuid, ForeignKey("shop_order.id"), primary_key=True),
    Column("product_id", Uuid, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("refunded_quantity", Integer, nullable=False, server_default=text("0")),
    Column("restocked_quantity", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("price_minor BETWEEN 1 AND 1000000000000000", name="price_is_in_range"),
    CheckConstraint("quantity BETWEEN 1 AND 1000000", name="quantity_is_in_range"),
    CheckConstraint("refunded_quantity BETWEEN 0 AND quantity", name="refunds_fit_the_quantity"),
    CheckConstraint(
        "restocked_quantity BETWEEN 0 AND quantity", name="restocked_fits_the_quantity"
    ),
)

order_payment = Table(
    "order_payment",
    METADATA,
    Column("payment_id", Uuid, primary_key=True),
    Column("order_id", Uuid, ForeignKey("shop_order.id"), nullable=False),
    Column("method", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("page_url", Text),
    Column("created_at", _AT, nullable=False),
    Column("ended_at", _AT),
    CheckConstraint("method IN ('wallet', 'card')", name="method_is_known"),
    CheckConstraint(
        "status IN ('processing', 'paid', 'not_paid', 'returned')", name="status_is_known"
    ),
    CheckConstraint("page_url IS NULL OR method = 'card'", name="only_cards_have_a_page"),
    CheckConstraint(
        "(status = 'processing') = (ended_at IS NULL)", name="what_is_over_has_its_time"
    ),
    CheckConstraint(
        "(status IN ('not_paid', 'returned')) = (reason IS NOT NULL)", name="given_up_has_a_reason"
    ),
    Index("ix_order_payment_order_id", "order_id"),
    # Of all attempts to pay an order at most one keeps the money.
    Index(
        "uq_order_payment_paid", "order_id", unique=True, postgresql_where=text("status = 'paid'")
    ),
)

order_refund = Table(
    "order_refund",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("order_id", Uuid, ForeignKey("shop_order.id"), nullable=False),
    Column("payment_id", Uuid, ForeignKey("order_payment.payment_id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("restock", Boolean, nullable=False),
    Column("reason", Text),
    Column("failure_reason", Text),
    Column("requested_by", Uuid),
    Column("created_at", _AT, nullable=False),
    Column("completed_at", _AT),
    Column("failed_at", _AT),
    CheckConstraint("status IN ('processing', 'completed', 'failed')", name="status_is_known"),
    CheckConstraint("amount_minor BETWEEN 1 AND 1000000000000000", name="amount_is_in_range"),
    CheckConstraint(
        "status <> 'completed' OR completed_at IS NOT NULL", name="completed_has_its_time"
    ),
    CheckConstraint("(status = 'failed') = (failed_at IS NOT NULL)", name="failed_has_its_time"),
    CheckConstraint(
        "(status = 'failed') = (failure_reason IS NOT NULL)", name="failed_has_a_reason"
    ),
    Index("ix_order_refund_order_id_created_at_id", "order_id", "created_at", "id"),
)

order_refund_item = Table(
    "order_refund_item",
    METADATA,
    Column("refund_id", Uuid, ForeignKey("order_refund.id"), primary_key=True),
    Column("product_id", Uuid, primary_key=True),
    Column("quantity", Integer, nullable=False),
    CheckConstraint("quantity BETWEEN 1 AND 1000000", name="quantity_is_in_range"),
)

order_dispute = Table(
    "order_dispute",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("order_id", Uuid, ForeignKey("shop_order.id"), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("reason", Text),
    Column("outcome", Text),
    Column("opened_at", _AT, nullable=False),
    Column("closed_at", _AT),
    CheckConstraint("outcome IN ('won', 'lost')", name="outcome_is_known"),
    CheckConstraint("(outcome IS NULL) = (closed_at IS NULL)", name="closed_has_its_outcome"),
    Index("ix_order_dispute_order_id_opened_at_id", "order_id", "opened_at", "id"),
)
