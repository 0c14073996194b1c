"""Importers of published data: grid signals, weather, generation mixes and workload traces."""
