"""PostgreSQL: the pool, the unit of work, migrations. It knows no table but kit's own."""

from kit.db.database import Database
from kit.db.gathering import Batcher
from kit.db.unit_of_work import Connection, UnitOfWork

__all__ = ["Batcher", "Connection", "Database", "UnitOfWork"]
