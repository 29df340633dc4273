"""Decides whether a password opens a role, for the Postgres servers, which ask by RADIUS (RFC 2865).

Lakebase takes an OAuth token of the role's own as its password, any that is valid. A password that is kept in Postgres
can't do that, so the servers ask the workspace at each connection.
"""

import hashlib
import logging
import secrets
import socket
import struct
import threading
from collections.abc import Callable

from local_workspace.runtime.ports import HOST

log = logging.getLogger(__name__)

type Accepts = Callable[[str, str, str], bool]
"""Whether, in the instance of that name, the role of that name has that password."""

_REQUEST, _ACCEPT, _REJECT = 1, 2, 3  # codes of packets
_USER, _PASSWORD, _INSTANCE = 1, 2, 32  # types of attributes: User-Name, User-Password, NAS-Identifier
_HEADER = struct.Struct("!BBH16s")
_BLOCK = 16
_CLIENTS = "127.0.0.0/8"  # this machine


class PasswordServer:
    """Answers the Postgres servers of this workspace on a loopback port. `accepts` decides."""

    def __init__(self, accepts: Accepts) -> None:
        self._accepts, self._secret = accepts, secrets.token_hex(16)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._thread = threading.Thread(target=self._serve, name="postgres-passwords", daemon=True)
        self._thread.start()

    def rules(self, instance: str, admin: str) -> str:
        """The content of `pg_hba.conf` for an instance: the administrator has a kept password, others are asked for.

        All of it over TLS alone: without, Lakebase lets nobody in.
        """
        port = self._socket.getsockname()[1]
        asked = f'radiusservers="{HOST}" radiusports="{port}" radiussecrets="{self._secret}"'
        return (
            f'hostssl all "{admin}" {_CLIENTS} scram-sha-256\n'
            f'hostssl all all {_CLIENTS} radius {asked} radiusidentifiers="{instance}"\n'
        )

    def close(self) -> None:
        """Stop answering. Safe to call twice."""
        if self._thread.is_alive():
            address = self._socket.getsockname()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(self._secret.encode(), address)
            self._thread.join()
            self._socket.close()

    def _serve(self) -> None:
        while True:
            packet, sender = self._socket.recvfrom(4096)
            if packet == self._secret.encode():  # of `close`
                return
            try:
                self._socket.sendto(self._answer(packet), sender)
            except Exception:  # the thread's boundary: a bad packet must not keep others from an answer
                log.exception("a password could not be checked")

    def _answer(self, packet: bytes) -> bytes:
        code, number, length, authenticator = _HEADER.unpack_from(packet)
        if code != _REQUEST or length != len(packet):
            raise ValueError("this is no request for access")
        found = _attributes(packet[_HEADER.size :])
        password = _decrypted(found[_PASSWORD], authenticator, self._secret.encode())
        accepted = self._accepts(found[_INSTANCE].decode(), found[_USER].decode(), password.decode())
        head = struct.pack("!BBH", _ACCEPT if accepted else _REJECT, number, _HEADER.size)
        return head + _md5(head + authenticator + self._secret.encode())


def _attributes(text: bytes) -> dict[int, bytes]:
    """The attributes of a packet by type: each is its type, its length with both of these, and its value."""
    found = {}
    while text:
        kind, length = text[0], text[1]
        if length < 2:
            raise ValueError("an attribute has no length")
        found[kind], text = text[2:length], text[length:]
    return found


def _decrypted(text: bytes, authenticator: bytes, secret: bytes) -> bytes:
    """A User-Password (RFC 2865, 5.2): blocks of 16 bytes, each XORed with a digest of the block before."""
    plain, before = b"", authenticator
    for start in range(0, len(text), _BLOCK):
        block = text[start : start + _BLOCK]
        plain += bytes(a ^ b for a, b in zip(block, _md5(secret + before), strict=True))
        before = block
    return plain.rstrip(b"\0")


def _md5(text: bytes) -> bytes:
    return hashlib.md5(text, usedforsecurity=False).digest()
