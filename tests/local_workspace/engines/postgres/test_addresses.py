import socket

import pytest

from local_workspace.engines.postgres import addresses
from local_workspace.engines.postgres.addresses import Address
from local_workspace.runtime import ports

own_addresses = pytest.mark.skipif(addresses.free().port != 5432, reason="no address of this machine has port 5432")


@pytest.fixture
def no_own_address(monkeypatch):
    """A machine as with macOS, where 127.0.0.1 is the only address."""
    is_free = ports.is_free
    monkeypatch.setattr(ports, "is_free", lambda port, host=ports.HOST: host == ports.HOST and is_free(port))


def test_a_host_names_its_port_only_if_it_is_not_lakebases():
    assert str(Address("127.3.2.1", 5432)) == "127.3.2.1"
    assert str(Address("127.0.0.1", 54321)) == "127.0.0.1:54321"


@own_addresses
def test_a_new_address_has_lakebases_port_and_is_nobody_elses():
    found = addresses.free()
    assert found.port == 5432 and found.host.startswith("127.") and found.host != ports.HOST
    assert found.is_free()
    with socket.create_server((found.host, found.port)):
        assert not found.is_free()
        assert addresses.free(found) not in (found, None)


@own_addresses
def test_an_address_stays_and_a_port_alone_gives_way_to_lakebases():
    found = addresses.free()
    assert addresses.free(found) == found
    assert addresses.free(Address(ports.HOST, ports.free())).port == 5432


def test_where_lakebases_port_can_not_be_had_another_stays(no_own_address):
    found = addresses.free()
    assert found.host == ports.HOST and found.port != 5432
    assert addresses.free(found) == found
    with socket.create_server((found.host, found.port)):
        assert addresses.free(found) != found
