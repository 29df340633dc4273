"""Files in volumes."""

from local_workspace.engines.files.tree import DirectoryEntry, FileTree
from local_workspace.engines.files.volumes import VolumeFiles

__all__ = ["DirectoryEntry", "FileTree", "VolumeFiles"]
