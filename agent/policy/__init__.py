"""Operator policies: plain English in, typed rules out, and the guard that keeps them."""
