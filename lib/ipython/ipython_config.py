"""Settings of IPython for all kernels of this Python environment, among them those of JupyterLab."""

import os

c = get_config()  # noqa: F821  IPython's name for its settings
if "DATABRICKS_RUNTIME_VERSION" not in os.environ:  # Databricks gives its notebooks these names and commands itself
    c.InteractiveShellApp.extensions.append("local_workspace.kernel")
