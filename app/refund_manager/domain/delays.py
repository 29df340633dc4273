"""Where the minutes of an order went, against what is usual in its city."""

from dataclasses import dataclass

from refund_manager.domain.models import Recommendation


@dataclass(frozen=True)
class Phase:
    """A part of an order's course: its minutes, what three in four orders of the city don't exceed, and if it is late.

    `late` is the one phase that took longest beyond that.
    """

    name: str
    minutes: float
    usual: float | None
    late: bool = False

    @property
    def beyond(self) -> float:
        """The minutes above what is usual."""
        return self.minutes - self.usual if self.usual is not None else 0.0


def phases(found: Recommendation, usual: dict | None) -> list[Phase]:
    """Kitchen, waiting for a driver, and road, as far as they are known."""
    known = [
        ("Kitchen", found.kitchen_minutes, "kitchen_p75"),
        ("Waiting for a driver", found.waiting_minutes, "waiting_p75"),
        ("On the road", found.road_minutes, "road_p75"),
    ]
    plain = [
        Phase(name, minutes, float(usual[key]) if usual and usual[key] is not None else None)
        for name, minutes, key in known
        if minutes is not None
    ]
    worst = max(plain, key=lambda phase: phase.beyond, default=None)
    return [Phase(phase.name, phase.minutes, phase.usual, phase is worst and phase.beyond > 0) for phase in plain]
