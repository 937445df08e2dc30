"""Owns all of wallet's SQL, one module for each noun. Decides nothing."""
