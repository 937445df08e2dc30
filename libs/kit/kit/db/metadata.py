"""SQLAlchemy metadata with one naming convention for every service's constraints."""

from sqlalchemy import MetaData

from kit.db.query import postgresql


def metadata() -> MetaData:
    """Return empty metadata; the schema is never named, the role's search_path decides."""
    postgresql()  # who has tables at hand renders statements: let the first not wait for it
    return MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
