"""The background service: its settings, the daemon, and how it is started, found and stopped."""
