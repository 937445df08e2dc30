"""Messages between services: transactional outbox, relay, inbox, batched consumers, letters."""
