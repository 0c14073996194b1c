"""Evaluation: suites of runs, paired statistics over them, and the report."""
