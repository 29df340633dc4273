"""The canonical dataset: 90 days of Casper's kitchens, drawn from a seed, and reading one with every check."""
