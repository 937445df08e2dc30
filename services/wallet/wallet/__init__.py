"""Owns accounts, the double-entry ledger, holds, transfers, top-ups, statements."""
