"""All settings that environment variables give, read in this one place."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_OF_JOB = ("DATABRICKS_HOST", "DATABRICKS_TOKEN", "SPARK_REMOTE", "MLFLOW_TRACKING_URI")
REPO = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class LlmLimits:
    """Limits of the calls to the server behind LLM_MODEL; None is no limit.

    timeout_seconds: the longest time of an answer, waits and retries included; calls_per_minute: further calls wait;
    max_calls, max_usd: the budget of a run, in calls and in US dollars at the prices of a million tokens in and out.
    """

    timeout_seconds: float | None
    calls_per_minute: int | None
    max_calls: int | None
    max_usd: float | None
    usd_per_million_input: float | None
    usd_per_million_output: float | None


@dataclass(frozen=True)
class JobWorkspace:
    """The local workspace whose job runs this process: its home, its addresses and a token."""

    home: Path
    host: str
    token: str
    spark_remote: str
    mlflow_tracking_uri: str


@dataclass(frozen=True)
class Config:
    """The environment's settings.

    home: the local workspace's home (CASPERS_HOME; LOCAL_WORKSPACE_HOME, which the workspace sets for its jobs).
    port: the port on which it is to listen, or None for any free one (CASPERS_PORT).
    databricks: whether a Databricks workspace is configured (DATABRICKS_HOST, unless it is a local workspace's address;
    DATABRICKS_CONFIG_PROFILE; DATABRICKS_RUNTIME_VERSION).
    now: a fixed current time, or None for the system's clock (CASPERS_NOW, ISO 8601; UTC without a zone).
    canonical_dataset: the folder with the dataset's Parquet files (CANONICAL_DATASET).
    llm_base_url, llm_api_key, llm_model: an OpenAI-compatible server for LLM_MODEL (CASPERS_LLM_*); url None for
    the offline stand-in. llm_limits: CASPERS_LLM_TIMEOUT_SECONDS, _CALLS_PER_MINUTE, _MAX_CALLS, _MAX_USD,
    _USD_PER_MILLION_INPUT, _USD_PER_MILLION_OUTPUT.
    run: the run that a budget is for; the runbook sets it for its notebooks (CASPERS_RUN).
    job: the local workspace of a job, by the variables that it sets for it (LOCAL_WORKSPACE_HOME, DATABRICKS_HOST,
    DATABRICKS_TOKEN, SPARK_REMOTE, MLFLOW_TRACKING_URI); None in any other process.
    default_storage: whether a local workspace that is started here is one with default storage
    (LOCAL_WORKSPACE_DEFAULT_STORAGE=1).
    """

    home: Path
    port: int | None
    databricks: bool
    now: datetime | None
    canonical_dataset: Path
    llm_base_url: str | None
    llm_api_key: str
    llm_model: str | None
    llm_limits: LlmLimits
    run: str | None
    job: JobWorkspace | None
    default_storage: bool


def load() -> Config:
    """The settings of the current environment. Raises ValueError that names a variable whose value is not valid."""
    env = os.environ
    return Config(
        home=Path(env.get("CASPERS_HOME") or env.get("LOCAL_WORKSPACE_HOME") or REPO / ".caspers").resolve(),
        port=_port(env.get("CASPERS_PORT")),
        databricks=_databricks(env),
        now=_time(env.get("CASPERS_NOW")),
        canonical_dataset=Path(env.get("CANONICAL_DATASET") or REPO / "data/canonical/canonical_dataset").resolve(),
        llm_base_url=env.get("CASPERS_LLM_BASE_URL") or None,
        llm_api_key=env.get("CASPERS_LLM_API_KEY", ""),
        llm_model=env.get("CASPERS_LLM_MODEL") or None,
        llm_limits=_llm_limits(),
        run=env.get("CASPERS_RUN") or None,
        job=_job(env),
        default_storage=env.get("LOCAL_WORKSPACE_DEFAULT_STORAGE") == "1",
    )


def _port(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1024 <= int(text) <= 65535:
        raise ValueError(f"CASPERS_PORT is {text!r}; it must be a port number from 1024 to 65535")
    return int(text)


def _databricks(env: Mapping[str, str]) -> bool:
    host = env.get("DATABRICKS_HOST")
    if host:
        return not host.startswith(("http://127.0.0.1:", "http://localhost:"))
    return bool(env.get("DATABRICKS_CONFIG_PROFILE")) or "DATABRICKS_RUNTIME_VERSION" in env


def _job(env: Mapping[str, str]) -> JobWorkspace | None:
    home, *others = (env.get(name, "") for name in ("LOCAL_WORKSPACE_HOME", *_OF_JOB))
    return JobWorkspace(Path(home), *others) if home and all(others) and not _databricks(env) else None


def _llm_limits() -> LlmLimits:
    limits = LlmLimits(
        timeout_seconds=_number("CASPERS_LLM_TIMEOUT_SECONDS", float, above_zero=True),
        calls_per_minute=_number("CASPERS_LLM_CALLS_PER_MINUTE", int, above_zero=True),
        max_calls=_number("CASPERS_LLM_MAX_CALLS", int),
        max_usd=_number("CASPERS_LLM_MAX_USD", float),
        usd_per_million_input=_number("CASPERS_LLM_USD_PER_MILLION_INPUT", float),
        usd_per_million_output=_number("CASPERS_LLM_USD_PER_MILLION_OUTPUT", float),
    )
    if limits.max_usd is not None and None in (limits.usd_per_million_input, limits.usd_per_million_output):
        raise ValueError(
            "CASPERS_LLM_MAX_USD needs the model's prices: set CASPERS_LLM_USD_PER_MILLION_INPUT and "
            "CASPERS_LLM_USD_PER_MILLION_OUTPUT"
        )
    return limits


def _number[T: (int, float)](name: str, kind: type[T], above_zero: bool = False) -> T | None:
    text = os.environ.get(name)
    if not text:
        return None
    try:
        value = kind(text)
    except ValueError:
        value = kind(-1)
    if not math.isfinite(value) or value < 0 or (above_zero and value == 0):
        wanted = f"a {'whole number' if kind is int else 'number'} {'above 0' if above_zero else 'of at least 0'}"
        raise ValueError(f"{name} is {text!r}; it must be {wanted}")
    return value


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"CASPERS_NOW is {text!r}; it must be a time such as 2026-03-02T12:00:00+00:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
