"""Creates orders: items, payments, refunds, disputes; and kit's table of sagas."""

from alembic import op

from kit.db import ddl

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SHOP_ORDER = """
CREATE TABLE shop_order (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    refund_asked_minor bigint DEFAULT 0 NOT NULL,
    refunded_minor bigint DEFAULT 0 NOT NULL,
    is_bought boolean NOT NULL,
    payment_id uuid,
    has_open_card boolean DEFAULT false NOT NULL,
    reason text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    paid_at timestamptz,
    cancelled_at timestamptz,
    refunded_at timestamptz,
    CONSTRAINT pk_shop_order PRIMARY KEY (id),
    CONSTRAINT ck_shop_order_status_is_known
        CHECK (status IN ('pending', 'paying', 'paid', 'cancelled', 'refunded')),
    CONSTRAINT ck_shop_order_currency_is_a_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_shop_order_total_is_in_range CHECK (total_minor BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_shop_order_refunds_fit_the_total
        CHECK (0 <= refunded_minor AND refunded_minor <= refund_asked_minor
            AND refund_asked_minor <= total_minor),
    CONSTRAINT ck_shop_order_only_paid_is_refunded
        CHECK (refund_asked_minor = 0 OR status IN ('paid', 'refunded')),
    CONSTRAINT ck_shop_order_paid_has_its_time
        CHECK ((status IN ('paid', 'refunded')) = (paid_at IS NOT NULL)),
    CONSTRAINT ck_shop_order_cancelled_has_its_time
        CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL)),
    CONSTRAINT ck_shop_order_refunded_has_its_time
        CHECK ((status = 'refunded') = (refunded_at IS NOT NULL)),
    CONSTRAINT ck_shop_order_what_is_paid_has_its_payment
        CHECK (status IN ('pending', 'cancelled') OR payment_id IS NOT NULL),
    CONSTRAINT ck_shop_order_open_card_leaves_it_pending
        CHECK (NOT has_open_card OR (status = 'pending' AND payment_id IS NOT NULL))
)
"""
ORDER_ITEM = """
CREATE TABLE order_item (
    order_id uuid NOT NULL,
    product_id uuid NOT NULL,
    position integer NOT NULL,
    name text NOT NULL,
    price_minor bigint NOT NULL,
    quantity integer NOT NULL,
    refunded_quantity integer DEFAULT 0 NOT NULL,
    restocked_quantity integer DEFAULT 0 NOT NULL,
    CONSTRAINT pk_order_item PRIMARY KEY (order_id, product_id),
    CONSTRAINT ck_order_item_price_is_in_range CHECK (price_minor BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_order_item_quantity_is_in_range CHECK (quantity BETWEEN 1 AND 1000000),
    CONSTRAINT ck_order_item_refunds_fit_the_quantity
        CHECK (refunded_quantity BETWEEN 0 AND quantity),
    CONSTRAINT ck_order_item_restocked_fits_the_quantity
        CHECK (restocked_quantity BETWEEN 0 AND quantity),
    CONSTRAINT fk_order_item_order_id FOREIGN KEY(order_id) REFERENCES shop_order (id)
)
"""
ORDER_PAYMENT = """
CREATE TABLE order_payment (
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    method text NOT NULL,
    status text NOT NULL,
    reason text,
    page_url text,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT pk_order_payment PRIMARY KEY (payment_id),
    CONSTRAINT ck_order_payment_method_is_known CHECK (method IN ('wallet', 'card')),
    CONSTRAINT ck_order_payment_status_is_known
        CHECK (status IN ('processing', 'paid', 'not_paid', 'returned')),
    CONSTRAINT ck_order_payment_only_cards_have_a_page CHECK (page_url IS NULL OR method = 'card'),
    CONSTRAINT ck_order_payment_what_is_over_has_its_time
        CHECK ((status = 'processing') = (ended_at IS NULL)),
    CONSTRAINT ck_order_payment_given_up_has_a_reason
        CHECK ((status IN ('not_paid', 'returned')) = (reason IS NOT NULL)),
    CONSTRAINT fk_order_payment_order_id FOREIGN KEY(order_id) REFERENCES shop_order (id)
)
"""
ORDER_REFUND = """
CREATE TABLE order_refund (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    status text NOT NULL,
    amount_minor bigint NOT NULL,
    restock boolean NOT NULL,
    reason text,
    failure_reason text,
    requested_by uuid,
    created_at timestamptz NOT NULL,
    completed_at timestamptz,
    failed_at timestamptz,
    CONSTRAINT pk_order_refund PRIMARY KEY (id),
    CONSTRAINT ck_order_refund_status_is_known
        CHECK (status IN ('processing', 'completed', 'failed')),
    CONSTRAINT ck_order_refund_amount_is_in_range
        CHECK (amount_minor BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_order_refund_completed_has_its_time
        CHECK (status <> 'completed' OR completed_at IS NOT NULL),
    CONSTRAINT ck_order_refund_failed_has_its_time
        CHECK ((status = 'failed') = (failed_at IS NOT NULL)),
    CONSTRAINT ck_order_refund_failed_has_a_reason
        CHECK ((status = 'failed') = (failure_reason IS NOT NULL)),
    CONSTRAINT fk_order_refund_order_id FOREIGN KEY(order_id) REFERENCES shop_order (id),
    CONSTRAINT fk_order_refund_payment_id
        FOREIGN KEY(payment_id) REFERENCES order_payment (payment_id)
)
"""
ORDER_REFUND_ITEM = """
CREATE TABLE order_refund_item (
    refund_id uuid NOT NULL,
    product_id uuid NOT NULL,
    quantity integer NOT NULL,
    CONSTRAINT pk_order_refund_item PRIMARY KEY (refund_id, product_id),
    CONSTRAINT ck_order_refund_item_quantity_is_in_range CHECK (quantity BETWEEN 1 AND 1000000),
    CONSTRAINT fk_order_refund_item_refund_id FOREIGN KEY(refund_id) REFERENCES order_refund (id)
)
"""
ORDER_DISPUTE = """
CREATE TABLE order_dispute (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    reason text,
    outcome text,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT pk_order_dispute PRIMARY KEY (id),
    CONSTRAINT ck_order_dispute_outcome_is_known CHECK (outcome IN ('won', 'lost')),
    CONSTRAINT ck_order_dispute_closed_has_its_outcome
        CHECK ((outcome IS NULL) = (closed_at IS NULL)),
    CONSTRAINT fk_order_dispute_order_id FOREIGN KEY(order_id) REFERENCES shop_order (id)
)
"""
INDEXES = (
    "CREATE INDEX ix_shop_order_created_at_id ON shop_order (created_at, id)",
    """
CREATE INDEX ix_shop_order_open ON shop_order (owner_id) WHERE status IN ('pending', 'paying')
    """,
    "CREATE INDEX ix_shop_order_overdue ON shop_order (expires_at) WHERE status = 'pending'",
    """
CREATE INDEX ix_shop_order_owner_id_created_at_id ON shop_order (owner_id, created_at, id)
    """,
    """
CREATE INDEX ix_shop_order_owner_id_status_created_at_id
    ON shop_order (owner_id, status, created_at, id)
    """,
    "CREATE INDEX ix_shop_order_payment_id ON shop_order (payment_id)",
    "CREATE INDEX ix_shop_order_status_created_at_id ON shop_order (status, created_at, id)",
    "CREATE INDEX ix_order_payment_order_id ON order_payment (order_id)",
    """
CREATE UNIQUE INDEX uq_order_payment_paid ON order_payment (order_id) WHERE status = 'paid'
    """,
    """
CREATE INDEX ix_order_refund_order_id_created_at_id ON order_refund (order_id, created_at, id)
    """,
    """
CREATE INDEX ix_order_dispute_order_id_opened_at_id ON order_dispute (order_id, opened_at, id)
    """,
)


def upgrade() -> None:
    op.execute(SHOP_ORDER)
    op.execute(ORDER_ITEM)
    op.execute(ORDER_PAYMENT)
    op.execute(ORDER_REFUND)
    op.execute(ORDER_REFUND_ITEM)
    op.execute(ORDER_DISPUTE)
    for index in INDEXES:
        op.execute(index)
    ddl.create_saga(op)


def downgrade() -> None:
    ddl.drop_saga(op)
    op.execute(
        "DROP TABLE order_dispute, order_refund_item, order_refund, order_payment, order_item,"
        " shop_order"
    )
