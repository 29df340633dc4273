"""Files in volumes."""

from local_workspace.engines.files.volumes import VolumeFiles

__all__ = ["VolumeFiles"]
