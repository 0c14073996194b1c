"""Explanations: why a job ran where and when it did, from what a run folder holds, each number checked."""
