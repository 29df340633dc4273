"""Unity Catalog's registered models, their versions, and the files of these."""

from local_workspace.engines.models.engine import ModelsEngine
from local_workspace.engines.models.files import ModelFiles
from local_workspace.engines.models.names import ModelName

__all__ = ["ModelFiles", "ModelName", "ModelsEngine"]
