"""Language models behind one protocol: embedded, OpenAI-compatible, scripted, replayed, none."""
