"""Files in volumes."""

from local_workspace.engines.files.volumes import DirectoryEntry, VolumeFiles

__all__ = ["DirectoryEntry", "VolumeFiles"]
