"""The verbs of card payments; run inside the caller's unit of work, they never commit."""
