"""What an agent can do: typed tools, and the backends that carry them out."""
