"""What speaks to the platform, always by the official clients.

Connecting, SQL, jobs, pipelines, Lakebase, apps, grants, and the register of what was made.
"""
