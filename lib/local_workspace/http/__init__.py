"""Between a request and a route: the server, its errors, and the proxy to servers behind it."""
