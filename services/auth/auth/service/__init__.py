"""Auth's verbs, one module per noun: load, decide, save, emit. They never commit."""
