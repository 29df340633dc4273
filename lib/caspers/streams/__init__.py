"""The streams that scheduled jobs run: from delivered orders to recommendations, complaints and replies."""
