"""All SQL that the app runs in Postgres."""
