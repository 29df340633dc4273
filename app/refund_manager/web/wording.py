"""How pages name what the data holds in short words, and describe a list by its filters."""

from refund_manager.domain.models import Filters

_SOURCES = {"agent": "the agent", "fallback": "the written policy"}
_CLASSES = {"refund": "any refund", "full": "full refunds", "partial": "partial refunds", "none": "no refund"}


def source_name(source: str | None) -> str:
    """Who made a suggestion, such as "the agent"."""
    return _SOURCES.get(source or "", source or "unknown")


def plain(name: str | None) -> str:
    """A name of the data in plain words: missing_items is "missing items", None is "unreadable"."""
    return (name or "unreadable").replace("_", " ")


def described(filters: Filters) -> str:
    """The filters of a list but its status, such as "full refunds, Chicago, from $5.00"; "no filters" without any."""
    words = [
        _CLASSES.get(filters.refund_class or ""),
        filters.city,
        filters.brand,
        None if filters.min_usd is None else f"from ${filters.min_usd:,.2f}",
        None if filters.max_usd is None else f"up to ${filters.max_usd:,.2f}",
        f"suggested by {source_name(filters.source)}" if filters.source else None,
        f"“{filters.text}”" if filters.text else None,
    ]
    return ", ".join(word for word in words if word) or "no filters"
