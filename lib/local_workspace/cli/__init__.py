"""The command line, `python -m local_workspace`: its options, its commands, and what they print."""
