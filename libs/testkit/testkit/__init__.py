"""What tests of every room share: databases, a broker in memory, tokens, a clock to turn."""
