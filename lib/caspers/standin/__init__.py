"""`offline-policy`: what answers under LLM_MODEL's name when no language model is at hand."""
