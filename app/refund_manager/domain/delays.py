"""The stages of a delivery, compared with what is usual in its city."""

from dataclasses import dataclass
from typing import Any

from refund_manager.domain.models import Recommendation


@dataclass(frozen=True)
class Delay:
    """One stage of a delivery: its minutes, the P75 of its city (`usual`, None if unknown), and whether it is late.

    Only the stage that exceeds its usual minutes most is `late`.
    """

    name: str
    minutes: float
    usual: float | None
    late: bool = False

    @property
    def excess(self) -> float:
        """The minutes above the usual; negative if faster, 0 if the usual is unknown."""
        return self.minutes - self.usual if self.usual is not None else 0.0


def delays(found: Recommendation, usual: dict[str, Any] | None) -> list[Delay]:
    """The known stages of an order: kitchen, waiting for a driver, road. `usual` is the row of its city's P75s."""
    known = [
        ("Kitchen", found.kitchen_minutes, "kitchen_p75"),
        ("Waiting for a driver", found.waiting_minutes, "waiting_p75"),
        ("On the road", found.road_minutes, "road_p75"),
    ]
    plain = [
        Delay(name, minutes, float(usual[key]) if usual and usual[key] is not None else None)
        for name, minutes, key in known
        if minutes is not None
    ]
    worst = max(plain, key=lambda delay: delay.excess, default=None)
    return [Delay(delay.name, delay.minutes, delay.usual, delay is worst and delay.excess > 0) for delay in plain]
