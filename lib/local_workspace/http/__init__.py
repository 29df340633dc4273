"""What stands between a request and a route: the server, who is asking, and the proxy to servers behind it."""
