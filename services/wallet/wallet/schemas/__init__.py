"""Models of wallet's requests and answers, with examples. They decide nothing."""
