"""The name under which the kitchens' written policy answers where there is no language model."""

NAME = "offline-policy"
"""What the stand-in calls itself, and what stands as `model` wherever the policy decided."""
