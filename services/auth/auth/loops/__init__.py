"""What runs by itself, in the background: a module for each loop."""
