"""The two verification services, failing as real ones do."""
