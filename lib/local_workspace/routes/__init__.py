"""The REST routes: one file a Databricks service."""
