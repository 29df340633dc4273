"""Casper's Kitchens: what the kitchens do, usable from any notebook."""

from caspers.platform.connect import Workbook, connect

__all__ = ["Workbook", "connect"]
