"""The two agents that decide about money, and what they share."""
