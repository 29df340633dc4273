"""The ground floor: the home, its store, child processes, ports and errors. It imports nothing above it."""
