"""Complaints: list, look up, decide about the credit. They have a database of their own, which may not exist."""

from decimal import Decimal

from refund_manager.domain.complaint_models import Complaint, ComplaintDecision
from refund_manager.domain.errors import BadField, NotFound
from refund_manager.postgres import complaints
from refund_manager.postgres.database import Database
from refund_manager.services.lakehouse import Lakehouse


class ComplaintConflict(Exception):
    """The complaint already has another decision; the message says whose."""


class Complaints:
    """Complaints and decisions in their database; the customers' texts are in the lakehouse.

    Methods that read the database raise Unavailable if it can't be reached.
    """

    def __init__(self, database: Database, lakehouse: Lakehouse) -> None:
        self._database, self._lakehouse = database, lakehouse

    def page(self, status: str, after: complaints.After | None, limit: int) -> tuple[list[Complaint], bool]:
        """Up to `limit` complaints after a position, escalations first, and whether there are more."""
        with self._database.connection() as connection:
            found = complaints.list_complaints(connection, status, after, limit + 1)
        return found[:limit], len(found) > limit

    def of_order(self, order_id: str) -> list[Complaint]:
        """Up to 20 complaints about an order."""
        with self._database.connection() as connection:
            return complaints.list_complaints(connection, "all", None, 20, order_id)

    def get(self, complaint_id: str) -> Complaint:
        """A complaint. Raises NotFound."""
        with self._database.connection() as connection:
            found = complaints.get_complaint(connection, complaint_id)
        if found is None:
            raise NotFound(f"There is no complaint {complaint_id}.")
        return found

    def text(self, complaint_id: str) -> str | None:
        """What the customer wrote; None if the text is not in the lakehouse. Raises LakehouseUnavailable."""
        return self._lakehouse.complaint_text(complaint_id)

    def decide(self, complaint_id: str, credit: Decimal | None, user: str) -> None:
        """Accept the suggested credit (None) or grant another, in dollars. Repeating a decision changes nothing.

        Raises NotFound, BadField, ComplaintConflict, or LakehouseUnavailable if the order's total is needed.
        """
        found = self.get(complaint_id)
        granted = found.credit if credit is None else credit
        if granted is None:
            raise BadField("credit", "the suggestion can't be read: enter the credit to grant")
        if credit is not None and (found.credit is None or credit > found.credit):
            self._check(found.order_id, credit)
        wanted = ComplaintDecision(
            complaint_id=complaint_id,
            decision="accepted" if granted == found.credit else "changed",
            credit=granted,
            decided_by=user,
        )
        with self._database.connection() as connection:
            saved = complaints.save(connection, wanted)
        existing = self.get(complaint_id).decision
        if not saved and existing and (existing.decided_by, existing.credit) != (user, granted):
            raise ComplaintConflict(
                f"{existing.decided_by} has already granted ${existing.credit}. Nothing was changed."
            )

    def _check(self, order_id: str, credit: Decimal) -> None:
        timeline = self._lakehouse.events(order_id)
        if timeline and credit > timeline.total_usd:
            raise BadField("credit", f"more than the order's total of ${timeline.total_usd}")
