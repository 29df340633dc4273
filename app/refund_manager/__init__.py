"""The Refund Manager: support staff approve, change or deny the refunds and credits that the agents suggest."""
