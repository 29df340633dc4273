"""Everything that can be set from outside, read in this one place."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Config:
    """The environment's settings.

    home: the local workspace's home (CASPERS_HOME).
    now: a still clock, or None for the real one (CASPERS_NOW, ISO 8601 with a zone).
    canonical_dataset: the folder with the dataset's Parquet files (CANONICAL_DATASET).
    llm_base_url, llm_api_key, llm_model: an OpenAI-compatible server for LLM_MODEL (CASPERS_LLM_*); url None for
    the offline stand-in.
    """

    home: Path
    now: datetime | None
    canonical_dataset: Path
    llm_base_url: str | None
    llm_api_key: str
    llm_model: str | None


def load() -> Config:
    """The settings as the environment has them now. Raises ValueError for a CASPERS_NOW that is no time."""
    env = os.environ
    return Config(
        home=Path(env.get("CASPERS_HOME") or REPO / ".caspers").resolve(),
        now=_time(env.get("CASPERS_NOW")),
        canonical_dataset=Path(env.get("CANONICAL_DATASET") or REPO / "data/canonical/canonical_dataset").resolve(),
        llm_base_url=env.get("CASPERS_LLM_BASE_URL") or None,
        llm_api_key=env.get("CASPERS_LLM_API_KEY", ""),
        llm_model=env.get("CASPERS_LLM_MODEL") or None,
    )


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"CASPERS_NOW is {text!r}; it must be a time such as 2026-03-02T12:00:00+00:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
