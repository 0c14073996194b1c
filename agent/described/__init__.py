"""What jobs' descriptions ask for in a run: read by the model once a text, bound by code, checked by other code."""
