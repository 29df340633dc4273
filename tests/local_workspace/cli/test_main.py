import json
import re
import subprocess
import sys

import httpx
import pytest

from local_workspace.cli.main import main
from local_workspace.runtime.home import open_home


@pytest.fixture
def home(home_root):
    return open_home(home_root)


@pytest.mark.parametrize("command", ["up", "down", "open", "status", "logs", "save x", "load", "destroy", "serve"])
def test_a_command_without_a_home_says_so(command, capsys):
    with pytest.raises(SystemExit):
        main(command.split())
    assert "needs --home or LOCAL_WORKSPACE_HOME" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["doctor", "open", "status"])
def test_a_command_needs_neither_output_nor_input(home, command):
    """As a service manager may start it: both are closed, and Python has None for them."""
    call = [sys.executable, "-m", "local_workspace", command, "--home", str(home.root)]
    ended = subprocess.run(
        ["sh", "-c", 'exec "$@" <&- >&-', "sh", *call], stderr=subprocess.PIPE, text=True, check=False
    )
    assert ended.returncode in (0, 1) and "Traceback" not in ended.stderr


def test_what_does_not_run_can_be_neither_opened_nor_looked_at(home, capsys):
    for command in ("open", "status"):
        assert main([command, "--home", str(home.root)]) == 1
        assert f"Start it with: python -m local_workspace up --home {home.root}" in capsys.readouterr().err
    assert main(["status", "--json", "--home", str(home.root)]) == 1
    assert capsys.readouterr() == ("", "")


def test_an_error_is_text_for_people_and_json_for_programs(home, capsys):
    (home.root / "VERSION").write_text("1")
    assert main(["up", "--home", str(home.root)]) == 2
    assert "written by version 1" in capsys.readouterr().err
    assert main(["up", "--json", "--home", str(home.root)]) == 2
    assert "written by version 1" in json.loads(capsys.readouterr().out)["error"]


def test_a_saved_home_is_listed_and_comes_back(home, capsys):
    place = ["--home", str(home.root)]
    assert main(["load", *place]) == 0 and "Nothing is saved" in capsys.readouterr().out
    assert main(["save", "first", *place]) == 0
    capsys.readouterr()
    assert main(["load", *place]) == 0 and capsys.readouterr().out == "first\n"
    assert main(["load", "first", *place]) == 2 and "--replace" in capsys.readouterr().err
    assert main(["load", "first", "--replace", *place]) == 0


def test_a_running_workspace_is_listed_and_opened(workspace, capsys):
    place = ["--home", workspace["CASPERS_HOME"]]
    assert main(["status", *place]) == 0
    printed = capsys.readouterr().out
    assert workspace["DATABRICKS_HOST"] in printed and re.search("^workspace +Running", printed, re.M)
    assert main(["open", "/jobs", *place]) == 0
    assert "/login?code=" in capsys.readouterr().out
    assert main(["open", "--user", "nobody@example.com", *place]) == 2
    assert capsys.readouterr().err == "User with username nobody@example.com does not exist.\n"
    assert main(["up", *place]) == 0 and "Open it: http" in capsys.readouterr().out
    assert main(["logs", "workspace", *place]) == 0
    assert main(["save", "first", *place]) == 2 and "Stop it first" in capsys.readouterr().err


def test_a_browser_is_signed_in_as_the_user_that_is_named(workspace, w, capsys):
    ana = w.users.create(user_name="ana@example.com")
    assert main(["open", "/jobs", "--user", "Ana@Example.com", "--home", workspace["CASPERS_HOME"]]) == 0
    link = capsys.readouterr().out.splitlines()[0]
    with httpx.Client(headers={"Accept": "text/html"}, follow_redirects=True) as browser:
        page = browser.get(link)
        assert page.url.path == "/jobs" and '<span class="who">ana@example.com</span>' in page.text
        w.users.delete(ana.id)
        assert browser.get(page.url).status_code == 401
