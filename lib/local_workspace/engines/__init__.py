"""The engines: each does one service's work and knows nothing of HTTP."""
