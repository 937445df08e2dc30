"""Reads and writes PostgreSQL: the pool, the unit of work, migrations.

It knows no table but kit's own.
"""

from kit.db.batcher import Batcher, Batches
from kit.db.database import Database
from kit.db.unit_of_work import Connection, Snapshot, UnitOfWork

__all__ = ["Batcher", "Batches", "Connection", "Database", "Snapshot", "UnitOfWork"]
