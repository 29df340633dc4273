"""The lowest layer: the home, its store, child processes, ports and errors. It imports no other package here."""
