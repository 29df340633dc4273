"""The runbook: reads the plan from databricks.yml, runs its notebooks side by side, shows what is running."""
