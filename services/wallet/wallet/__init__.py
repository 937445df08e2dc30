"""Accounts, the double-entry ledger, holds, transfers, top-ups and statements."""
