"""What the API of notifications takes and gives; shapes only."""
