"""Which parameters a run and its tasks get."""

import pytest

from local_workspace.engines.jobs import parameters, references
from local_workspace.runtime.errors import ApiError


def test_job_parameters_keep_their_default_beside_the_value():
    job = {"name": "x", "parameters": [{"name": "p", "default": "1"}, {"name": "q", "default": "2"}]}
    assert parameters.job_parameters(job, {"q": "3"}) == [
        {"name": "p", "default": "1", "value": "1"},
        {"name": "q", "default": "2", "value": "3"},
    ]
    with pytest.raises(ApiError, match="'x' has no parameter r, s; it has p, q"):
        parameters.job_parameters(job, {"s": "1", "q": "1", "r": "1"})
    with pytest.raises(ApiError, match="it has none"):
        parameters.job_parameters({"name": "x"}, {"r": "1"})


def test_a_tasks_parameters_are_resolved_and_the_jobs_win():
    text = "{{job.name}}/{{ job.parameters.day }}/{{task.name}}/{{job.run_id}}"
    run = {
        "job_id": 7,
        "run_id": 8,
        "run_name": "Replay",
        "start_time": 0,
        "trigger": "ONE_TIME",
        "overriding_parameters": {"b": "of the run"},
        "job_parameters": [{"name": "day", "value": "70"}, {"name": "c", "value": "of the job"}],
    }
    base = {"a": text, "b": "own", "c": "own", "d": "{{tasks.x.values.y}} {{ unknown }}", "e": 5}
    attempt = {"task_key": "t", "run_id": 9, "attempt_number": 0, "notebook_task": {"base_parameters": base}}
    assert parameters.task_parameters(attempt, run) == {
        "a": "Replay/70/t/8",
        "b": "of the run",
        "c": "of the job",
        "d": "{{tasks.x.values.y}} {{ unknown }}",
        "e": "5",
        "day": "70",
    }


def test_a_value_that_looks_like_a_reference_is_not_resolved_again():
    assert references.resolved("{{a}}", {"a": "{{b}}", "b": "x"}) == "{{b}}"
