"""The workspace's answers to a Postgres server that asks about a password."""

import hashlib
import re
import socket
import struct

import pytest

from local_workspace.engines.postgres.passwords import PasswordServer

AUTHENTICATOR = bytes(range(16))


class Asking:
    """Asks as Postgres does, from what is in its `pg_hba.conf`."""

    def __init__(self, rules):
        self.secret = re.search(r'radiussecrets="(\w+)"', rules)[1].encode()
        self.port = int(re.search(r'radiusports="(\d+)"', rules)[1])
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(10)

    def send(self, packet):
        self.socket.sendto(packet, ("127.0.0.1", self.port))

    def packet(self, role, password, instance="p"):
        text, before = b"", AUTHENTICATOR
        padded = password + b"\0" * (-len(password) % 16)
        for start in range(0, len(padded), 16):
            key = hashlib.md5(self.secret + before).digest()
            before = bytes(a ^ b for a, b in zip(padded[start : start + 16], key, strict=True))
            text += before
        attributes = b"".join(
            bytes([kind, len(value) + 2]) + value for kind, value in ((1, role), (2, text), (32, instance.encode()))
        )
        return struct.pack("!BBH16s", 1, 7, 20 + len(attributes), AUTHENTICATOR) + attributes

    def accepted(self, role, password):
        self.send(self.packet(role, password))
        answer = self.socket.recv(100)
        head = struct.pack("!BBH", answer[0], 7, 20)
        assert answer[4:] == hashlib.md5(head + AUTHENTICATOR + self.secret).digest()
        return {2: True, 3: False}[answer[0]]


@pytest.fixture
def asking():
    server = PasswordServer(lambda instance, role, password: (instance, role, password) == ("p", "app", "x" * 40))
    made = Asking(server.rules("p", "postgres"))
    yield made
    made.socket.close()
    server.close()
    server.close()


def test_a_password_of_several_blocks_is_read(asking):
    assert asking.accepted(b"app", b"x" * 40)
    assert not asking.accepted(b"app", b"x" * 39)
    assert not asking.accepted(b"other", b"x" * 40)


def test_packets_that_make_no_sense_get_no_answer_and_stop_nothing(asking):
    head = struct.pack("!BBH16s", 1, 1, 22, AUTHENTICATOR)
    for packet in (b"", b"short", head, head + b"\1\0", head + b"\1\2", asking.packet(b"app", b"\xff" * 16)):
        asking.send(packet)
    assert asking.accepted(b"app", b"x" * 40)


def test_the_administrator_keeps_a_password_in_postgres():
    server = PasswordServer(lambda *_: True)
    first, second = server.rules("p", "postgres").splitlines()
    server.close()
    assert first == 'hostssl all "postgres" 127.0.0.0/8 scram-sha-256'
    assert second.startswith("hostssl all all 127.0.0.0/8 radius ") and second.endswith('radiusidentifiers="p"')
