"""Everything that calls the platform, always through the official clients.

Connecting, SQL, jobs, pipelines, Lakebase, apps, grants, and the register of created resources.
"""
