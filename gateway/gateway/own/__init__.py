"""What the gateway answers itself; all else is forwarded."""
