"""vLLM: a server to start, an engine in this process, and the embedded model's weights in the form that both take."""
