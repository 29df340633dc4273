"""Complaints: list, look up, decide about the credit. They have a database of their own, which may not exist."""

from decimal import Decimal

from refund_manager.domain.complaint_models import (
    Complaint,
    ComplaintDecision,
    ComplaintFilters,
    ComplaintPage,
    ComplaintSort,
)
from refund_manager.domain.cursor import of_sort, pack, unpack
from refund_manager.domain.errors import BadField, NotFound
from refund_manager.postgres import complaints
from refund_manager.postgres.database import Database
from refund_manager.services.lakehouse import Lakehouse


class ComplaintConflict(Exception):
    """The complaint already has another decision; the message says whose."""


class Complaints:
    """Complaints and decisions in their database; a text that is not there yet is read from the lakehouse.

    Methods that read the database raise Unavailable if it can't be reached.
    """

    def __init__(self, database: Database, lakehouse: Lakehouse) -> None:
        self._database, self._lakehouse = database, lakehouse

    def page(self, filters: ComplaintFilters, sort: ComplaintSort, cursor: str | None, limit: int) -> ComplaintPage:
        """Up to `limit` complaints of a list, starting at a cursor. Raises BadField for an invalid cursor."""
        after = unpack(cursor, of_sort(sort, complaints.reader(sort))) if cursor else None
        with self._database.connection() as connection:
            found = complaints.list_complaints(connection, filters, sort, after, limit + 1)
        more = pack(sort, *complaints.position_of(found[limit - 1], sort)) if len(found) > limit else None
        return ComplaintPage(complaints=found[:limit], next_cursor=more)

    def next_complaint(self, found: Complaint, filters: ComplaintFilters, sort: ComplaintSort) -> str | None:
        """The ID of the complaint after `found` in a list; None at its end."""
        with self._database.connection() as connection:
            after = complaints.list_complaints(connection, filters, sort, complaints.position_of(found, sort), 1)
        return after[0].complaint_id if after else None

    def choices(self) -> dict[str, list[str]]:
        """The categories, cities and brands of complaints, for the filters."""
        with self._database.connection() as connection:
            return complaints.choices(connection)

    def of_order(self, order_id: str) -> list[Complaint]:
        """Up to 20 complaints about an order."""
        with self._database.connection() as connection:
            return complaints.of_order(connection, order_id, 20)

    def get(self, complaint_id: str) -> Complaint:
        """A complaint. Raises NotFound."""
        with self._database.connection() as connection:
            found = complaints.get_complaint(connection, complaint_id)
        if found is None:
            raise NotFound(f"There is no complaint {complaint_id}.")
        return found

    def text(self, found: Complaint) -> str | None:
        """What the customer wrote; None if the text is not in the lakehouse. Raises LakehouseUnavailable."""
        return found.text or self._lakehouse.complaint_texts([found.complaint_id]).get(found.complaint_id)

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
