"""The Refund Manager: support staff decide about the refunds and credits that the agents suggest."""
