import json

from caspers import evaluation, names


def test_the_table_says_what_failed_and_why(evaluated):
    assert list(evaluated.index) == ["late", "very late", "unknown order", "a ready answer"]
    assert list(evaluated.columns) == ["kind", "schema", "tone", "promise", "evidence", "policy", "arithmetic", "why"]
    assert list(evaluated.arithmetic) == [False, True, True, True]
    assert evaluated.why["late"] == "arithmetic: said 6.0, not 7.50" and evaluated.why["very late"] == ""
    assert evaluation.by_kind(evaluated).loc["late"].to_dict() == {
        "scenarios": 1,
        "schema": 1,
        "tone": 1,
        "promise": 1,
        "evidence": 1,
        "policy": 1,
        "arithmetic": 0,
    }


def test_the_scores_are_kept_with_the_traces(ws, evaluated):
    experiment = ws.mlflow.get_experiment_by_name(names.shared_id("/Shared/caspers_complaint_evaluation", ws.catalog))
    traces = ws.mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
    asked = {json.loads(each.data.request)["request"]["metadata"]["scenario"]: each for each in traces}
    late = asked["late"]
    scores = {each.name: each.value for each in late.info.assessments}
    assert scores["arithmetic"] is False and scores["schema"] is True and scores["right"][0]["amount"] == 7.5
    assert {span.span_type for span in late.data.spans} == {"AGENT", "CHAT_MODEL", "TOOL"}
