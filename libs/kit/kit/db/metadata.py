"""Names every service's constraints by one convention of SQLAlchemy's metadata."""

from sqlalchemy import MetaData

from kit.db.query import postgresql


def metadata() -> MetaData:
    """Return empty metadata without a schema: the role's search_path names that."""
    postgresql()  # rendering a statement needs the dialect: load it now, not for the first request
    return MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
