"""How a model wants to be called, as the files that MLflow wrote say."""

import json
from pathlib import Path

import pytest
import yaml

from local_workspace.engines.serving.card import Card


def model(folder: Path, **described: object) -> Path:
    (folder / "MLmodel").write_text(yaml.safe_dump(described))
    return folder


def test_a_models_own_example_is_taken(tmp_path):
    (tmp_path / "serving_input_example.json").write_text('{"input": [{"role": "user", "content": "Late!"}]}')
    folder = model(
        tmp_path,
        metadata={"task": "agent/v1/responses"},
        saved_input_example_info={"serving_input_path": "serving_input_example.json"},
    )
    assert Card.of_model(folder) == Card("agent/v1/responses", {"input": [{"role": "user", "content": "Late!"}]})


@pytest.mark.parametrize("named", ["../secret.json", "missing.json", ""])
def test_an_example_that_is_no_file_of_the_model_is_not_read(tmp_path, named):
    (tmp_path / "secret.json").write_text('{"a": "secret"}')
    (tmp_path / "model").mkdir()
    folder = model(
        tmp_path / "model", metadata={"task": "llm/v1/chat"}, saved_input_example_info={"serving_input_path": named}
    )
    assert list(Card.of_model(folder).example) == ["messages"]


def test_an_example_that_is_not_json_counts_as_none(tmp_path):
    (tmp_path / "serving_input_example.json").write_text("{")
    folder = model(tmp_path, saved_input_example_info={"serving_input_path": "serving_input_example.json"})
    assert Card.of_model(folder) == Card("", {"dataframe_records": [{}]})


def test_an_ordinary_model_is_sent_a_row_of_its_signature(tmp_path):
    inputs = [{"type": "double", "name": "x"}, {"type": "string", "name": "word"}, {"type": "object", "name": "more"}]
    folder = model(tmp_path, signature={"inputs": json.dumps(inputs)})
    assert Card.of_model(folder) == Card("", {"dataframe_records": [{"x": 0.0, "word": "", "more": None}]})
