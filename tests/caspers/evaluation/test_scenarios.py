import pytest

from caspers import evaluation
from caspers.refunds import facts


@pytest.mark.parametrize("agent", ["refund", "complaint"])
def test_the_files_have_what_they_should(agent):
    scenarios = evaluation.load(agent).scenarios
    assert len({each.name for each in scenarios}) == len(scenarios) >= {"refund": 25, "complaint": 40}[agent]
    assert sum(each.kind == "injection" for each in scenarios) >= 6


@pytest.mark.parametrize("fact", facts.FACTS, ids=lambda fact: fact.name)
def test_the_lookup_answers_the_columns_of_the_functions(fact):
    scenarios = evaluation.load("complaint")
    columns = [column.split()[0] for column in fact.returns.split(",")]
    for value in scenarios.locations if fact is facts.LOCATION_TIMINGS else scenarios.orders:
        assert [list(row) for row in scenarios.lookup([fact], [value])[fact.name, value]][:1] == [columns]
    assert scenarios.lookup([fact], ["NOSUCH"]) == {(fact.name, "NOSUCH"): []}


def test_a_scenario_without_an_answer_is_refused():
    with pytest.raises(ValueError, match="'late' needs either"):
        evaluation.scenarios.Scenario(name="late", kind="late")
