"""Who decides: language models, policy compiler and guard, the graph, the store."""
