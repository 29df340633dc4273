"""`offline-policy`: answers under LLM_MODEL's name when no language model is available."""
