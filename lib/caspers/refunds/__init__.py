"""Refunds: the policy, the facts about an order that it decides on, and amounts of money in texts."""
