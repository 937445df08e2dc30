"""The verbs: load, decide, save, emit. They never commit; the edge that called them does."""
