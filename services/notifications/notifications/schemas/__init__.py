"""Models of notifications' requests and answers. They decide nothing."""
