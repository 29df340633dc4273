import socket
from collections.abc import Iterator

import pytest

from local_workspace.runtime import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((ports.HOST, 0)) as holder:
        yield holder.getsockname()[1]


def test_a_port_with_a_server_listens_and_is_not_free(taken):
    assert ports.listens(taken) and not ports.is_free(taken)


def test_a_free_port_can_be_listened_on(taken):
    port = ports.free()
    assert port != taken and ports.is_free(port) and not ports.listens(port)


def test_the_wanted_port_is_kept_unless_someone_has_it(taken):
    wanted = ports.free()
    assert ports.free(wanted) == wanted
    assert ports.free(taken) != taken
    assert ports.free(wanted, taken={wanted}) != wanted


def test_a_free_port_is_none_that_the_system_gives_to_others():
    with socket.create_server((ports.HOST, 0)) as given:
        assert ports.free() < 32_768 <= given.getsockname()[1]


def test_without_a_free_port_it_says_so():
    with pytest.raises(OSError, match="no port from 20000 to 32767 is free"):
        ports.free(taken=range(70_000))
