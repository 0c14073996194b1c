"""The command groups of `cws`, a file each; `cli.py` puts them together and holds the commands without a group."""
