"""The app on the web: its API, its pages, and what guards them."""
