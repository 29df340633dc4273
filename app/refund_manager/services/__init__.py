"""What the app does for a page or an API route: each call is one use of it."""
