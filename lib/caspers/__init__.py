"""Casper's Kitchens: the library behind the workbook's notebooks, jobs and pipeline."""

from caspers.platform.connect import Workbook, connect

__all__ = ["Workbook", "connect"]
