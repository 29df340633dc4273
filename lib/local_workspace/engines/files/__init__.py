"""Files in volumes."""

from local_workspace.engines.files.tree import DirectoryEntry, FileTree, check_length
from local_workspace.engines.files.volumes import VolumeFiles

__all__ = ["DirectoryEntry", "FileTree", "VolumeFiles", "check_length"]
