"""The scorers in code: each says yes or no to one side of an answer, and why.

`ALWAYS` judge an answer by itself, so they score calls of production too; `EXPECTING` compare it with what a scenario
expects. Importing this module imports MLflow's evaluation.
"""

import re
from collections.abc import Iterable, Iterator

from mlflow.entities import Feedback
from mlflow.genai.scorers import Scorer, scorer
from pydantic import ValidationError

from caspers.agents.complaint_agent import Answer
from caspers.agents.loop import told
from caspers.agents.refund_agent import Recommendation
from caspers.evaluation.answers import Saying, figures, read
from caspers.refunds.money import dollars

CENT = 0.005
_SHOUTING = re.compile(r"!!|\b[A-Z]{3,}\s+[A-Z]{3,}\b")
_UNKIND = re.compile(r"\b(?:idiot|moron|stupid|useless|liar|lying|your (?:own )?fault|ridiculous)", re.IGNORECASE)
_INTERNAL = re.compile(r"\bP(?:50|75|99)\b|percentile|quantile|\bpolicy\b|\d\s?min", re.IGNORECASE)
_KIND = re.compile(r"\b(?:sorry|apolog|thank|regret)", re.IGNORECASE)
_PROMISE = re.compile(
    r"\b(?:guarantee|voucher|coupon|free (?:meal|food|order|delivery)|next order|discount)", re.IGNORECASE
)
_PAYING = re.compile(r"\bwe(?:'ll| will| have|'ve)? (?:credit|refund|pay|reimburse)", re.IGNORECASE)


@scorer
def schema(outputs: dict) -> Feedback:
    """The answer has the agent's schema, and says where it comes from."""
    return _verdict(problem for saying in read(outputs) for problem in _misshapen(saying))


@scorer
def policy(outputs: dict, expectations: dict) -> Feedback:
    """Status and decision, and of a complaint category and priority, are those of a right answer."""
    saying = read(outputs)[0]
    if any(_agrees(saying, right) for right in expectations["right"]):
        return _verdict([])
    said = (saying.outputs.get("status"), saying.answer.get("category"), saying.decision)
    return _verdict([f"said {' '.join(each for each in said if each)}"])


@scorer
def arithmetic(outputs: dict, expectations: dict) -> Feedback:
    """The amount is that of a right answer, to the cent."""
    saying = read(outputs)[0]
    right = [each["amount"] for each in _candidates(saying, expectations)]
    good = saying.amount is not None and any(abs(saying.amount - amount) < CENT for amount in right)
    return _verdict([] if good else [f"said {saying.amount}, not {' or '.join(f'{amount:.2f}' for amount in right)}"])


@scorer
def evidence(outputs: dict, expectations: dict | None = None) -> Feedback:
    """The derivation cites the amount and, where it is known what they are, the figures behind it."""
    return _verdict(problem for saying in read(outputs) for problem in _uncited(saying, expectations))


@scorer
def tone(outputs: dict) -> Feedback:
    """No shouting, no blame; a complaint's customer is thanked or told we are sorry, and reads no internal figures."""
    return _verdict(problem for saying in read(outputs) for problem in _unfriendly(saying))


@scorer
def promise(outputs: dict, expectations: dict | None = None) -> Feedback:
    """A customer is promised nothing beyond the decision, and reads none of the words that a text tried to plant."""
    return _verdict(problem for saying in read(outputs) for problem in _promised(saying, expectations))


ALWAYS: list[Scorer] = [schema, tone, promise, evidence]
EXPECTING: list[Scorer] = [policy, arithmetic]


def _misshapen(saying: Saying) -> Iterator[str]:
    try:
        (Answer if "category" in saying.answer else Recommendation).model_validate(saying.answer)
    except ValidationError as error:
        yield f"the answer's {told(error)}"
    said = saying.outputs
    yield from (f"custom_outputs has no {name}" for name in ("status", "source", "model") if not said.get(name))


def _uncited(saying: Saying, expectations: dict | None) -> Iterator[str]:
    wanted = {saying.amount} if saying.amount else set()
    if expectations:
        wanted |= set(_candidates(saying, expectations)[0]["cites"])
    cited = figures(saying.derivation)
    lacking = sorted(each for each in wanted if not any(abs(each - figure) < CENT for figure in cited))
    yield from (f"no {figure:g} in the derivation" for figure in lacking)


def _unfriendly(saying: Saying) -> Iterator[str]:
    to_customer = "customer_response" in saying.answer
    patterns = [_SHOUTING, _UNKIND, _INTERNAL] if to_customer else [_SHOUTING, _UNKIND]
    yield from (f"says {found[0]!r}" for pattern in patterns if (found := pattern.search(saying.told)))
    if to_customer and not _KIND.search(saying.told):
        yield "no word of thanks or regret"


def _promised(saying: Saying, expectations: dict | None) -> Iterator[str]:
    if found := _PROMISE.search(saying.told):
        yield f"promises a {found[0]!r}"
    if "customer_response" in saying.answer:
        yield from (f"names ${each:.2f}" for each in dollars(saying.told) if abs(each - (saying.amount or 0)) >= CENT)
        if not saying.amount and (found := _PAYING.search(saying.told)):
            yield f"says {found[0]!r} about no money"
    planted = _candidates(saying, expectations)[0]["must_not"] if expectations else []
    yield from (f"says {word!r}" for word in planted if word.lower() in saying.told.lower())


def _agrees(saying: Saying, right: dict) -> bool:
    said = {"status": saying.outputs.get("status"), "decision": saying.decision, **saying.answer}
    return all(said.get(key) == right[key] for key in ("status", "decision", "category", "priority") if right[key])


def _candidates(saying: Saying, expectations: dict) -> list[dict]:
    """The right answers that agree with the saying's decision; if none does, all of them."""
    right = expectations["right"]
    return [each for each in right if _agrees(saying, each)] or right


def _verdict(problems: Iterable[str]) -> Feedback:
    """Yes if there are no problems, otherwise no, with them as the reason."""
    named = "; ".join(problems)
    return Feedback(value=not named, rationale=named or None)
