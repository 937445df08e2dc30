"""The outside world, simulated: two verification services that fail as real ones do."""
