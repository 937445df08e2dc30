"""What the sagas do to payments and refunds: lock them, and end them by the batch."""
