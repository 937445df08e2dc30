"""What wallet's operations take and answer, with examples. It decides nothing."""
