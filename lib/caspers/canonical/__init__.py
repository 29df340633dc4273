"""The canonical dataset, 90 days of orders: generated from a seed, and validated when it is read."""
