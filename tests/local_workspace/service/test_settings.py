import socket

import psutil
import pytest

from local_workspace.runtime import ports
from local_workspace.runtime.errors import SetupError
from local_workspace.runtime.home import open_home
from local_workspace.service.settings import default_storage, load_settings


@pytest.fixture
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_token_and_ports_stay_the_same_and_are_kept_from_others(home_root):
    home = open_home(home_root)
    first = load_settings(home)
    assert load_settings(home) == first
    assert home.secrets.stat().st_mode & 0o077 == 0


def test_a_wanted_port_is_used(home_root, monkeypatch):
    port = ports.free()
    monkeypatch.setenv("LOCAL_WORKSPACE_PORT", str(port))
    assert load_settings(open_home(home_root)).port == port


def test_a_wanted_port_that_is_taken_is_an_error_that_names_it(home_root, monkeypatch, taken):
    monkeypatch.setenv("LOCAL_WORKSPACE_PORT", str(taken))
    with pytest.raises(SetupError, match=f"Port {taken} is already taken by .*pid"):
        load_settings(open_home(home_root))


def test_a_system_that_names_no_holders_of_ports_names_the_port(home_root, monkeypatch, taken):
    def refuse(*_):
        raise psutil.AccessDenied  # as macOS does, unless one is root

    monkeypatch.setattr(psutil, "net_connections", refuse)
    monkeypatch.setenv("LOCAL_WORKSPACE_PORT", str(taken))
    with pytest.raises(SetupError, match=f"Port {taken} is already taken. End that"):
        load_settings(open_home(home_root))


@pytest.mark.parametrize("text", ["http", "80", "70000"])
def test_a_wanted_port_that_is_no_port_is_an_error(home_root, monkeypatch, text):
    monkeypatch.setenv("LOCAL_WORKSPACE_PORT", text)
    with pytest.raises(SetupError, match="LOCAL_WORKSPACE_PORT"):
        load_settings(open_home(home_root))


def test_a_kept_port_that_was_taken_meanwhile_is_exchanged(home_root, monkeypatch, taken):
    home = open_home(home_root)
    monkeypatch.setenv("LOCAL_WORKSPACE_PORT", "")
    first = load_settings(home)
    home.secrets.write_text(home.secrets.read_text().replace(str(first.port), str(taken)))
    again = load_settings(home)
    assert again.port != taken and again.token == first.token


def test_default_storage_is_wanted_or_not(monkeypatch):
    assert not default_storage()
    monkeypatch.setenv("LOCAL_WORKSPACE_DEFAULT_STORAGE", "1")
    assert default_storage()
    monkeypatch.setenv("LOCAL_WORKSPACE_DEFAULT_STORAGE", "yes")
    with pytest.raises(SetupError, match="'yes'; it must be 0 or 1"):
        default_storage()
