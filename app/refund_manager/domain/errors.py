"""Errors of the services, independent of HTTP."""

from refund_manager.domain.models import BulkResult, Decision


class NotFound(Exception):
    """An order, complaint or decision that does not exist; the message names it."""


class Conflict(Exception):
    """The request contradicts what is saved; the message says how. `decision` is the saved one, if there is one."""

    def __init__(self, message: str, decision: Decision | None = None) -> None:
        super().__init__(message)
        self.decision = decision

    @classmethod
    def decided(cls, decision: Decision) -> "Conflict":
        """The conflict with an existing decision about the same order."""
        return cls(
            f"{decision.decided_by} has already decided order {decision.order_id}: "
            f"{decision.decision}, ${decision.amount}. Nothing was changed.",
            decision,
        )


class PreviewOutdated(Exception):
    """A bulk approval would differ from its preview. `current` is what it would do now."""

    def __init__(self, current: BulkResult) -> None:
        super().__init__(
            f"The list has changed since the preview: it now has {current.orders:,} orders and ${current.amount:,.2f}. "
            "Nothing was changed."
        )
        self.current = current


class BadField(Exception):
    """An invalid value: the name of its field, and why it is invalid."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


class Unavailable(Exception):
    """The database can't be used at the moment; the message says why."""


class LakehouseUnavailable(Exception):
    """The lakehouse can't be read at the moment; the message says why."""
