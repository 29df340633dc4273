"""Where an instance listens: on Lakebase's port, at an address of its own on this machine."""

import random
from dataclasses import dataclass

from local_workspace.runtime import ports

PORT = 5432
_TRIES = 8  # of addresses that are drawn, as other workspaces of this machine take some, too


@dataclass(frozen=True)
class Address:
    """An address of this machine, and a port of it."""

    host: str
    port: int

    def __str__(self) -> str:
        """What the API calls the host: with the port only where that is not Lakebase's."""
        return self.host if self.port == PORT else f"{self.host}:{self.port}"

    def is_free(self) -> bool:
        """Whether it can be listened on."""
        return ports.is_free(self.port, self.host)


def free(last: Address | None = None) -> Address:
    """`last` if it can be had with Lakebase's port, or another that can.

    Where none can, it is 127.0.0.1 with `last`'s port or another: on macOS, which has no other address without set-up,
    and where a server listens on that port of all addresses. Raises OSError if no port is free.
    """
    if last and last.port == PORT and last.is_free():
        return last
    drawn = (Address(f"127.{_part()}.{_part()}.{_part()}", PORT) for _ in range(_TRIES))
    found = next((address for address in drawn if address.is_free()), None)
    return found or Address(ports.HOST, ports.free(last.port if last else None))


def _part() -> int:
    return random.randint(1, 254)
