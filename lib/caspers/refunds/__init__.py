"""What is about refunds: the policy, the facts of an order that it weighs, and money."""
