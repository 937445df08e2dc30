"""All of wallet's SQL, by noun: the ledger being written, wallets, history. Decides nothing."""
