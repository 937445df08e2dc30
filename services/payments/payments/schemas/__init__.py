"""What the API takes and gives, one module per noun; the rules stand in the domain."""
