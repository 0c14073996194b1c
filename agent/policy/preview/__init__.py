"""What rules will do, found out before anything runs: always by the guard that enforces them."""
