"""What the kitchens' agents share: facts in one query, decisions side by side, the answer whole or as a stream."""

import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar
from uuid import uuid4

import mlflow
from databricks.sdk import WorkspaceClient
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse, ResponsesAgentStreamEvent
from openai import OpenAIError
from pydantic import BaseModel

from caspers import offline_policy
from caspers.agents.ask import client
from caspers.agents.inputs import Asked, Question
from caspers.agents.lookup import Known, Lookup, gather, keeping_timings, only, sql_lookup
from caspers.agents.loop import NoAnswer, converse
from caspers.agents.tools import Tools
from caspers.refunds.facts import Fact

MODEL_SECONDS = 60.0
AT_ONCE = 4
"""Conversations with the model at the same time, for one request."""
_FIELDS = re.compile(r'(?<=,)(?=")')


@dataclass(frozen=True)
class Decision[Answer: BaseModel]:
    """An answer and where it comes from.

    status: `decided`, or in a word why there was nothing to decide.
    source: `agent` if the model decided, otherwise `fallback`; note: why it was not the model, or what was corrected.
    """

    answer: Answer
    status: str
    source: str = "fallback"
    model: str = offline_policy.NAME
    order_id: str | None = None
    note: str | None = None
    usage: dict[str, int] | None = None

    def provenance(self) -> dict[str, Any]:
        """All but the answer."""
        return {name: value for name, value in asdict(self).items() if name != "answer"}


class KitchenAgent(ResponsesAgent):
    """Decides with the model endpoint `llm_model` over the facts that a lookup finds.

    `open_ai` is an OpenAI client; without one, and without a lookup, it takes those of the workspace that the
    environment names, and looks facts up in `catalog` on `warehouse_id`.
    """

    facts: ClassVar[tuple[Fact, ...]]
    """What the model may look up: facts about the order, and the timings of its location."""

    def __init__(
        self,
        llm_model: str,
        catalog: str = "",
        warehouse_id: str | None = None,
        open_ai: Any = None,
        lookup: Lookup | None = None,
    ) -> None:
        self.llm_model, self.catalog, self.warehouse_id = llm_model, catalog, warehouse_id
        self._given = (open_ai, lookup)

    @abstractmethod
    def understand(self, request: ResponsesAgentRequest) -> Asked:
        """What a request asks. Raises MlflowException (status 400) if it is malformed."""

    @abstractmethod
    def judge(self, asked: Question, known: Known) -> Decision:
        """The decision on a question, given what is known of its order."""

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        """An answer an order, each as JSON text, in the order of the request.

        `custom_outputs` has status, source, model, order_id, note and usage; for several orders at once, a list of
        those under `decisions`. Raises MlflowException (status 400) for a malformed request, RuntimeError if the
        facts can't be looked up.
        """
        asked = self.understand(request)
        decisions = list(self._decisions(asked.questions))
        _tag(decisions)
        outputs = [decision.provenance() for decision in decisions]
        return ResponsesAgentResponse(
            output=[self._item(decision) for decision in decisions],
            custom_outputs={"decisions": outputs} if asked.several else outputs[0],
        )

    def predict_stream(self, request: ResponsesAgentRequest) -> Iterator[ResponsesAgentStreamEvent]:
        """The same answers, each once it and those before it are decided: its text field by field, then the item.

        No word leaves before the whole answer is checked. The item's event has the decision's `custom_outputs`.
        """
        decisions = []
        for index, decision in enumerate(self._decisions(self.understand(request).questions)):
            decisions.append(decision)
            item = self._item(decision)
            for piece in _FIELDS.split(item["content"][0]["text"]):
                yield ResponsesAgentStreamEvent(**self.create_text_delta(piece, item["id"]), output_index=index)
            yield ResponsesAgentStreamEvent(
                type="response.output_item.done", item=item, output_index=index, custom_outputs=decision.provenance()
            )
        _tag(decisions)

    @staticmethod
    def responses_agent_output_reducer(chunks: list[ResponsesAgentStreamEvent]) -> dict[str, Any]:
        """What a stream's trace has as outputs: the same as `predict`. MLflow's own reducer drops `custom_outputs`."""
        done = [chunk for chunk in chunks if chunk.type == "response.output_item.done"]
        return ResponsesAgentResponse(
            output=[chunk.item for chunk in done],
            custom_outputs={"decisions": [chunk.custom_outputs for chunk in done]},
        ).model_dump(exclude_none=True)

    def consult[Answer: BaseModel](
        self, order_id: str, prompt: str, question: str, tools: Tools, name: str, own: Answer
    ) -> Decision[Answer]:
        """What the model answers in the shape of `own`, a schema called `name`; if it gives none, `own` and why."""
        messages = [{"role": "system", "content": prompt}, {"role": "user", "content": question}]
        try:
            reply = converse(self.open_ai, self.llm_model, messages, tools, type(own), name)
        except (NoAnswer, OpenAIError) as error:
            return Decision(own, "decided", order_id=order_id, note=f"The policy decided, not the model: {error}")
        return Decision(reply.answer, "decided", "agent", reply.model, order_id, None, reply.usage)

    def tools(self, known: Known, order_id: str, location_id: int) -> Tools:
        """The facts as tools, about this order and its location only: no text can have the model read another's."""
        return Tools(self.facts, only(known, order_id, location_id))

    @cached_property
    def open_ai(self) -> Any:
        """The OpenAI client with which the model is asked."""
        if self._given[0] is not None:
            return self._given[0]
        return client(WorkspaceClient(), MODEL_SECONDS)

    @cached_property
    def lookup(self) -> Lookup:
        """Where facts are looked up."""
        return self._given[1] or keeping_timings(sql_lookup(self.catalog, self.warehouse_id))

    def _decisions(self, questions: Sequence[Question]) -> Iterator[Decision]:
        """The decisions in the order of the questions, each as soon as it is there."""
        known = self._known(questions)
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="decide")
        try:
            # A thread starts without the context variables by which MLflow knows the trace.
            yield from pool.map(
                lambda run, question: run(self._decide, question, known),
                [copy_context().run for _ in questions],
                questions,
            )
        finally:
            pool.shutdown(cancel_futures=True)

    def _known(self, questions: Sequence[Question]) -> Known:
        order_ids = list(dict.fromkeys(order_id for question in questions for order_id in question.order_ids))
        with mlflow.start_span("look up", span_type="TOOL") as span:
            span.set_inputs({"facts": [fact.name for fact in self.facts], "order_ids": order_ids})
            known = gather(self.lookup, self.facts, order_ids)
            span.set_outputs([[*key, rows] for key, rows in known.items()])
        return known

    def _decide(self, question: Question, known: Known) -> Decision:
        with mlflow.start_span("decide", span_type="AGENT") as span:
            span.set_inputs(asdict(question))
            decision = self.judge(question, known)
            span.set_outputs({"answer": decision.answer.model_dump(), **decision.provenance()})
        return decision

    def _item(self, decision: Decision) -> dict[str, Any]:
        return self.create_text_output_item(decision.answer.model_dump_json(), f"msg_{uuid4().hex}")


def _tag(decisions: Sequence[Decision]) -> None:
    """Let a request's trace be found by what it was about and by who decided."""
    if mlflow.get_current_active_span() is None:
        return  # tracing is off
    values = {
        name: dict.fromkeys(str(getattr(decision, name)) for decision in decisions)
        for name in ("order_id", "source", "model")
    }
    mlflow.update_current_trace(tags={name: ", ".join(found) for name, found in values.items()})
