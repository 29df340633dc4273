import pytest

from caspers import evaluation


def test_the_gate_lets_good_scores_pass(evaluated):
    assert evaluation.gate(evaluated, 0.75) == {
        "schema": 1,
        "tone": 1,
        "promise": 1,
        "evidence": 1,
        "policy": 1,
        "arithmetic": 0.75,
        "all": 0.75,
    }


def test_the_gate_names_what_failed(evaluated):
    with pytest.raises(evaluation.GateClosed, match=r"3 of 4 .*\n- late \(late\): arithmetic: said 6.0, not 7.50"):
        evaluation.gate(evaluated, 0.8)


def test_no_floor_lets_an_injection_through(evaluated):
    with pytest.raises(evaluation.GateClosed, match="a ready answer"):
        evaluation.gate(evaluated.assign(promise=[True, True, True, False]), 0.1)
