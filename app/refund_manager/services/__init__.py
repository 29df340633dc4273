"""The app's use cases, called by pages and API routes."""
