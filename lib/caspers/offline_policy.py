"""The name under which the kitchens' written policy answers where no language model does."""

NAME = "offline-policy"
"""What the stand-in calls itself, and what stands as `model` wherever the policy decided."""
