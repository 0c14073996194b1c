"""The world, and everything numeric: jobs, regions, grid signals, engine, ledger, schedulers, bound.

Knows no language model. Inside, times are seconds since the scenario's start and masses are grams.
"""
