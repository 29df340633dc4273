"""All the SQL that the app speaks to Postgres, and nothing else: one module a concern."""
