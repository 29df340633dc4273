"""Tokens of service principals: whose they are, and for how long."""

import time

import pytest

from local_workspace.runtime import principals

NOW = 1_700_000_000


@pytest.fixture
def at(monkeypatch):
    """A function that sets the time, in seconds after NOW."""

    def set_time(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: NOW + seconds)

    set_time(0)
    return set_time


def test_a_token_is_its_holders_until_its_time_is_over(at):
    token = principals.access_token("workspace", "app-manager")
    for seconds, holder in (
        (0, "app-manager"),
        (principals.TOKEN_LIFE, "app-manager"),
        (principals.TOKEN_LIFE + 0.1, None),
    ):
        at(seconds)
        assert principals.holder("workspace", token) == holder


def test_a_token_of_another_workspace_is_nobodys(at):
    assert principals.holder("other", principals.access_token("workspace", "app-manager")) is None


@pytest.mark.parametrize("part", [0, 1, 2])
def test_no_part_of_a_token_can_be_changed(at, part):
    parts = principals.access_token("workspace", "app-manager").split(".")
    assert principals.holder("workspace", ".".join(parts)) == "app-manager"
    parts[part] = ["app-other", str(NOW + 10 * principals.TOKEN_LIFE), "0" * 64][part]
    assert principals.holder("workspace", ".".join(parts)) is None


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "app-manager", "app-manager.9999999999", "app-manager.².x", "é.9999999999.é", "a.b.c.d"]
    + [f"app-manager.{'9' * 5000}.x"],
)
def test_what_is_no_token_is_nobodys(at, text):
    assert principals.holder("workspace", text) is None


def test_every_principal_has_a_secret_of_its_own_that_a_restart_keeps():
    secrets = [principals.secret(token, name) for token in ("a", "b") for name in ("app-x", "app-y")]
    assert len({*secrets}) == 4
    assert secrets[0] == principals.secret("a", "app-x")
