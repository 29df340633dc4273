"""What can be wrong with a request, told without HTTP."""

from refund_manager.domain.models import BulkResult, Decision


class NotFound(Exception):
    """No such order; the message says which."""


class Conflict(Exception):
    """Somebody was faster, or something changed: the message says what. `decision` is the one that holds, if any."""

    def __init__(self, message: str, decision: Decision | None = None) -> None:
        super().__init__(message)
        self.decision = decision

    @classmethod
    def decided(cls, decision: Decision) -> "Conflict":
        """Somebody has decided the order."""
        return cls(
            f"{decision.decided_by} has decided order {decision.order_id} already: "
            f"{decision.decision}, ${decision.amount}. Nothing was changed.",
            decision,
        )


class PreviewOutdated(Exception):
    """A bulk approval would not do what its preview said: `now` is what it would do."""

    def __init__(self, now: BulkResult) -> None:
        super().__init__(
            f"The list has changed since you looked: {now.orders} orders and ${now.amount:,.2f} now. "
            "Nothing was changed."
        )
        self.now = now


class BadField(Exception):
    """A value that makes no sense: the field's name and why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


class Unavailable(Exception):
    """The database can't answer now; the message says why."""


class LakehouseUnavailable(Exception):
    """The lakehouse did not answer; the message says why."""
