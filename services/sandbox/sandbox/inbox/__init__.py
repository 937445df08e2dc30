"""Takes any webhook into an inbox, checks its signature and shows it."""
