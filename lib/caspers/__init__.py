"""Casper's Kitchens: what the kitchens do, usable from any notebook."""

from caspers.connect import Workbook, connect

__all__ = ["Workbook", "connect"]
