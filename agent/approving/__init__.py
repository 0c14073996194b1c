"""Runs that stop where a person must say yes, are answered, and go on: in another process, as if answered at once."""
