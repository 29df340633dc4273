"""Recommendations, decisions, orders and complaints, independent of the database and of HTTP."""
