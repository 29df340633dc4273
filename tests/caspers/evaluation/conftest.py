"""What tests of the evaluation share: scenarios that were evaluated with the stand-in."""

import pytest

from caspers import evaluation
from caspers.agents.complaint_agent import ComplaintAgent


@pytest.fixture(scope="module")
def ws(traced):
    return traced


@pytest.fixture(scope="module")
def evaluated(ws, standin):
    """Four scenarios of the complaint agent, evaluated; one of them expects a wrong amount."""
    scenarios = evaluation.load("complaint")
    scenarios.scenarios = [
        each for each in scenarios.scenarios if each.name in ("late", "very late", "unknown order", "a ready answer")
    ]
    scenarios.scenarios[0].expect.amount = 7.5
    return evaluation.evaluate(ws, ComplaintAgent("m", open_ai=standin, lookup=scenarios.lookup), scenarios)
