"""Every variable from outside: its default, its value, and the error that names it."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from caspers import clock, config


def test_the_defaults_lie_in_the_repository(monkeypatch):
    monkeypatch.delenv("CANONICAL_DATASET", raising=False)
    found = config.load()
    assert found.home == config.REPO / ".caspers"
    assert found.canonical_dataset == config.REPO / "data/canonical/canonical_dataset"
    assert (found.port, found.databricks, found.now, found.run, found.llm_base_url) == (None, False, None, None, None)
    assert found.llm_limits == config.LlmLimits(None, None, None, None, None, None)
    assert (found.job, found.default_storage) == (None, False)


def test_a_jobs_process_finds_the_home_that_the_workspace_sets(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCAL_WORKSPACE_HOME", str(tmp_path / "set-by-workspace"))
    assert config.load().home == tmp_path / "set-by-workspace"
    monkeypatch.setenv("CASPERS_HOME", str(tmp_path / "chosen"))
    assert config.load().home == tmp_path / "chosen"


def test_a_local_workspaces_job_is_known_by_its_variables_and_one_of_databricks_is_not(monkeypatch):
    for name, value in {
        "LOCAL_WORKSPACE_HOME": "/home",
        "DATABRICKS_HOST": "http://127.0.0.1:4711",
        "DATABRICKS_TOKEN": "t",
        "SPARK_REMOTE": "sc://localhost:2",
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:4711",
        "LOCAL_WORKSPACE_DEFAULT_STORAGE": "1",
    }.items():
        monkeypatch.setenv(name, value)
    found = config.load()
    assert (found.job, found.default_storage) == (
        config.JobWorkspace(Path("/home"), "http://127.0.0.1:4711", "t", "sc://localhost:2", "http://127.0.0.1:4711"),
        True,
    )
    monkeypatch.setenv("DATABRICKS_HOST", "https://example.cloud.databricks.com")
    assert config.load().job is None


@pytest.mark.parametrize(
    ("variables", "databricks"),
    [
        ({"DATABRICKS_HOST": "https://example.cloud.databricks.com"}, True),
        ({"DATABRICKS_CONFIG_PROFILE": "kitchens"}, True),
        ({"DATABRICKS_RUNTIME_VERSION": ""}, True),
        ({"DATABRICKS_HOST": "http://127.0.0.1:4711"}, False),
        ({"DATABRICKS_HOST": "http://localhost:4711", "DATABRICKS_CONFIG_PROFILE": "kitchens"}, False),
        ({"DATABRICKS_CONFIG_PROFILE": ""}, False),
    ],
)
def test_databricks_is_configured_by_a_host_a_profile_or_its_runtime(variables, databricks, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert config.load().databricks is databricks


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T12:00:00+00:00", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02T12:00:00", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02T12:00:00+02:00", datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_a_still_clock_shows_one_time(text, moment, monkeypatch):
    monkeypatch.setenv("CASPERS_NOW", text)
    assert clock.now() == clock.now() == moment


def test_the_real_clock_is_in_utc():
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("CASPERS_NOW", "noon", "a time such as"),
        ("CASPERS_PORT", "80", "a port number from 1024 to 65535"),
        ("CASPERS_PORT", "http", "a port number from 1024 to 65535"),
        ("CASPERS_LLM_TIMEOUT_SECONDS", "0", "a number above 0"),
        ("CASPERS_LLM_TIMEOUT_SECONDS", "inf", "a number above 0"),
        ("CASPERS_LLM_CALLS_PER_MINUTE", "1.5", "a whole number above 0"),
        ("CASPERS_LLM_MAX_CALLS", "-1", "a whole number of at least 0"),
    ],
)
def test_a_wrong_value_is_named(name, text, wanted, monkeypatch):
    monkeypatch.setenv(name, text)
    with pytest.raises(ValueError, match=f"^{name} is '{text}'; it must be {wanted}"):
        config.load()


def test_a_budget_in_dollars_needs_prices(monkeypatch):
    monkeypatch.setenv("CASPERS_LLM_MAX_USD", "5")
    with pytest.raises(ValueError, match="CASPERS_LLM_USD_PER_MILLION_INPUT and"):
        config.load()
    monkeypatch.setenv("CASPERS_LLM_USD_PER_MILLION_INPUT", "0.5")
    monkeypatch.setenv("CASPERS_LLM_USD_PER_MILLION_OUTPUT", "2")
    monkeypatch.setenv("CASPERS_PORT", "8123")
    assert (config.load().llm_limits.max_usd, config.load().port) == (5.0, 8123)
