"""The account that Postgres runs as: root's servers are `nobody`'s, any other user's are the user's own."""

import os
import pwd
import stat
import subprocess

import pytest

from local_workspace.engines.postgres import account

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a program as another user")


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@as_root
def test_a_program_of_root_runs_as_the_account_alone():
    ran = subprocess.run(account.as_account(["/usr/bin/id"]), capture_output=True, text=True, check=True)
    assert f"({account.ACCOUNT})" in ran.stdout and "root" not in ran.stdout


@as_root
def test_a_program_of_root_gets_its_arguments_and_gives_its_code():
    ran = subprocess.run(account.as_account(["/bin/sh", "-c", "exit $1", "sh", "7"]), check=False)
    assert ran.returncode == 7


@as_root
def test_what_root_gives_belongs_to_the_account(tmp_path):
    account.give(tmp_path)
    owner = tmp_path.stat()
    assert (owner.st_uid, owner.st_gid) == pwd.getpwnam(account.ACCOUNT)[2:4]


@as_root
def test_the_account_passes_the_folders_above_and_reads_nothing_in_them(tmp_path):
    home = tmp_path / "private" / "home"
    home.mkdir(parents=True)
    secret = home.parent / "secret"
    secret.write_text("x")
    for path, wanted in ((home.parent, 0o700), (home, 0o700), (secret, 0o600)):
        path.chmod(wanted)
    account.let_through(home)
    assert (mode(home.parent), mode(home), mode(secret)) == (0o701, 0o700, 0o600)


def test_another_users_programs_and_files_stay_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    folder = tmp_path / "private" / "home"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o700)
    before = folder.stat()
    account.give(folder)
    account.let_through(folder)
    assert account.as_account(("postgres", "-D", "data")) == ["postgres", "-D", "data"]
    assert (folder.stat().st_uid, mode(folder.parent)) == (before.st_uid, 0o700)
