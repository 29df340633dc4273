"""A Databricks workspace on a laptop: the REST API the workbook uses, over open engines."""
