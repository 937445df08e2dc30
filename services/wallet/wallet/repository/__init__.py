"""All of wallet's SQL, one module for each noun. It decides nothing."""
