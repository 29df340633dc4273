"""What tests of the agents share: no traces, and the stand-in as their model."""

from collections.abc import Iterator

import mlflow
import pytest
from openai import OpenAI

from caspers.standin import chat
from chat_server import serving


@pytest.fixture(scope="module")
def no_traces(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tracing is off: there is no tracking server here."""
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db")  # read even when it is off
    mlflow.tracing.disable()


@pytest.fixture(scope="module")
def standin() -> Iterator[OpenAI]:
    """A client of the stand-in."""
    with serving(chat.complete) as client:
        yield client
