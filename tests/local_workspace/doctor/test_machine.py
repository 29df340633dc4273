import os

import pytest

from local_workspace.doctor import machine

GIB = 1024**3


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (("linux", "x86_64", "glibc", "6.8.0-generic"), "ok"),
        (("linux", "aarch64", "glibc", "5.15.167.4-microsoft-standard-WSL2"), "ok"),
        (("darwin", "arm64", "", "24.1.0"), "ok"),
        (("linux", "x86_64", "glibc", "4.4.0-19041-Microsoft"), "failed"),
        (("linux", "x86_64", "", "6.8.0"), "failed"),  # musl
        (("linux", "ppc64le", "glibc", "6.8.0"), "failed"),
        (("freebsd14", "x86_64", "", "14.0"), "failed"),
        (("win32", "AMD64", "", "10"), "failed"),
    ],
)
def test_systems_for_which_there_is_no_postgres_or_java_are_named(facts, verdict):
    found = machine.system(*facts)
    assert found.verdict == verdict and bool(found.remedy) == (verdict == "failed")


def test_this_system_will_do():
    assert machine.system().verdict == "ok"


@pytest.mark.parametrize(("total", "available", "verdict"), [(16, 9, "ok"), (16, 3, "warning"), (3, 3, "failed")])
def test_memory(total, available, verdict):
    found = machine.memory(total * GIB, available * GIB)
    assert found.verdict == verdict and f"of {total}.0 GiB" in found.text


def test_a_containers_limit_counts_as_its_memory(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    limit.write_text(f"{2 * GIB}\n")
    monkeypatch.setattr(machine, "_CGROUPS", (tmp_path / "none", limit))
    assert machine.memory().verdict == "failed"
    limit.write_text("max\n")
    assert "of 2.0 GiB" not in machine.memory().text


@pytest.mark.parametrize(("free", "verdict"), [(20, "ok"), (3, "warning"), (1, "failed")])
def test_disk(tmp_path, free, verdict):
    found = machine.disk(tmp_path / "not" / "there", free * GIB)
    assert found.verdict == verdict and bool(found.remedy) == (verdict != "ok")
    assert f"{free}.0 GiB" in found.text and "there" in found.text


@pytest.mark.parametrize(("limit", "verdict"), [(256, "warning"), (1024, "ok"), (None, "ok")])
def test_open_files(limit, verdict):
    assert machine.open_files(limit).verdict == verdict


def test_a_clock_that_is_behind_or_differs_from_the_disks(tmp_path, monkeypatch):
    assert machine.clock(tmp_path).verdict == "ok"
    assert machine.clock(tmp_path, installed=2**34).verdict == "failed"
    real = os.fstat
    ahead = lambda number: os.stat_result((*real(number)[:8], real(number).st_mtime + 3600, 0))  # noqa: E731
    monkeypatch.setattr(os, "fstat", ahead)
    found = machine.clock(tmp_path)
    assert found.verdict == "warning" and "differs by 3" in found.text
