"""What both agents share: facts from one query, decisions in parallel, answers whole or as a stream."""

import re
from abc import abstractmethod
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar
from uuid import uuid4

import mlflow
from databricks.sdk import WorkspaceClient
from mlflow.pyfunc.model import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse, ResponsesAgentStreamEvent
from openai import OpenAI, OpenAIError
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel

from caspers import offline_policy
from caspers.agents.ask import client
from caspers.agents.inputs import ParsedRequest, Question
from caspers.agents.lookup import FactRows, Lookup, gather, only, sql_lookup, with_cached_timings
from caspers.agents.loop import NoAnswer, converse
from caspers.agents.tools import Tools
from caspers.refunds.facts import Fact

MODEL_SECONDS = 60.0
MAX_CONVERSATIONS = 4
"""Conversations with the model at the same time, per request."""
_FIELDS = re.compile(r'(?<=,)(?=")')


@dataclass(frozen=True)
class Decision[Answer: BaseModel]:
    """An answer and where it comes from.

    status: `decided`, or a word for why there was nothing to decide.
    source: `agent` if the model decided, otherwise `fallback`; note: why the model did not decide, or what was
    corrected in its answer.
    """

    answer: Answer
    status: str
    source: str = "fallback"
    model: str = offline_policy.NAME
    order_id: str | None = None
    note: str | None = None
    usage: dict[str, int] | None = None

    def provenance(self) -> dict[str, Any]:
        """Every field but the answer."""
        return {name: value for name, value in asdict(self).items() if name != "answer"}


class KitchenAgent(ResponsesAgent):
    """Decides with the model endpoint `llm_model` on the facts that a lookup finds.

    `open_ai` is an OpenAI client. Client and lookup default to those of the workspace that the environment names; facts
    are then looked up in `catalog` on the SQL warehouse `warehouse_id`.
    """

    facts: ClassVar[tuple[Fact, ...]]
    """What the model may look up: facts about an order, and the timings of its location."""

    def __init__(
        self,
        llm_model: str,
        catalog: str = "",
        warehouse_id: str | None = None,
        open_ai: OpenAI | None = None,
        lookup: Lookup | None = None,
    ) -> None:
        self.llm_model, self.catalog, self.warehouse_id = llm_model, catalog, warehouse_id
        self._given_client, self._given_lookup = open_ai, lookup

    @abstractmethod
    def parse(self, request: ResponsesAgentRequest) -> ParsedRequest:
        """The questions in a request. Raises MlflowException (status 400) if it is malformed."""

    @abstractmethod
    def decide(self, question: Question, rows: FactRows) -> Decision[BaseModel]:
        """The decision on a question, given the rows about its order."""

    # MLflow wraps it to take PythonModel's arguments as well.
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:  # type: ignore[override]
        """One answer per order, as JSON text, in the order of the request.

        `custom_outputs` has status, source, model, order_id, note and usage; for a batch, a list of
        those under `decisions`. Raises MlflowException (status 400) for a malformed request, RuntimeError if the
        facts can't be looked up.
        """
        parsed = self.parse(request)
        decisions = list(self._decisions(parsed.questions))
        _tag(decisions)
        outputs = [decision.provenance() for decision in decisions]
        return ResponsesAgentResponse(
            output=[self._item(decision) for decision in decisions],
            custom_outputs={"decisions": outputs} if parsed.batch else outputs[0],
        )

    def predict_stream(  # type: ignore[override]  # as `predict`
        self, request: ResponsesAgentRequest
    ) -> Generator[ResponsesAgentStreamEvent, None, None]:
        """The same answers, each as soon as it and those before it are decided: its text field by field, then the item.

        Nothing is sent before the whole answer is checked. The item's event has the decision's `custom_outputs`.
        """
        decisions = []
        for index, decision in enumerate(self._decisions(self.parse(request).questions)):
            decisions.append(decision)
            item = self._item(decision)
            for piece in _FIELDS.split(item["content"][0]["text"]):
                yield ResponsesAgentStreamEvent(**self.create_text_delta(piece, item["id"]), output_index=index)
            yield ResponsesAgentStreamEvent(
                type="response.output_item.done", item=item, output_index=index, custom_outputs=decision.provenance()
            )
        _tag(decisions)

    @staticmethod
    def responses_agent_output_reducer(chunks: list[ResponsesAgentStreamEvent | dict[str, Any]]) -> dict[str, Any]:
        """The outputs of a stream's trace: the same as `predict`. MLflow's own reducer drops `custom_outputs`."""
        events = [chunk if isinstance(chunk, dict) else chunk.model_dump() for chunk in chunks]
        done = [event for event in events if event["type"] == "response.output_item.done"]
        return ResponsesAgentResponse(
            output=[event["item"] for event in done],
            custom_outputs={"decisions": [event["custom_outputs"] for event in done]},
        ).model_dump(exclude_none=True)

    def ask_model[Answer: BaseModel](
        self, order_id: str, prompt: str, question: str, tools: Tools, name: str, policy_answer: Answer
    ) -> Decision[Answer]:
        """The model's answer, of the class of `policy_answer`; if it gives none, that itself and a note that says why.

        `name` is what the request calls that class's schema.
        """
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": prompt},
            {"role": "user", "content": question},
        ]
        try:
            reply = converse(self.open_ai, self.llm_model, messages, tools, type(policy_answer), name)
        except (NoAnswer, OpenAIError) as error:
            return Decision(
                policy_answer, "decided", order_id=order_id, note=f"The policy decided, not the model: {error}"
            )
        return Decision(reply.answer, "decided", "agent", reply.model, order_id, None, reply.usage)

    def tools(self, rows: FactRows, order_id: str, location_id: int) -> Tools:
        """The facts as tools, for this order and its location only, so that no text can make the model read another."""
        return Tools(self.facts, only(rows, order_id, location_id))

    @cached_property
    def open_ai(self) -> OpenAI:
        """The OpenAI client that the model is called with."""
        if self._given_client is not None:
            return self._given_client
        return client(WorkspaceClient(), MODEL_SECONDS)

    @cached_property
    def lookup(self) -> Lookup:
        """The lookup of facts."""
        return self._given_lookup or with_cached_timings(sql_lookup(self.catalog, self.warehouse_id))

    def _decisions(self, questions: Sequence[Question]) -> Iterator[Decision[BaseModel]]:
        """The decisions in the order of the questions, each as soon as it is made."""
        rows = self._look_up(questions)
        pool = ThreadPoolExecutor(MAX_CONVERSATIONS, thread_name_prefix="decide")
        try:
            # A thread starts without the context variables by which MLflow knows the trace.
            yield from pool.map(
                lambda run, question: run(self._decide, question, rows),
                [copy_context().run for _ in questions],
                questions,
            )
        finally:
            pool.shutdown(cancel_futures=True)

    def _look_up(self, questions: Sequence[Question]) -> FactRows:
        order_ids = list(dict.fromkeys(order_id for question in questions for order_id in question.order_ids))
        with mlflow.start_span("look up", span_type="TOOL") as span:
            span.set_inputs({"facts": [fact.name for fact in self.facts], "order_ids": order_ids})
            rows = gather(self.lookup, self.facts, order_ids)
            span.set_outputs([[*key, found] for key, found in rows.items()])
        return rows

    def _decide(self, question: Question, rows: FactRows) -> Decision[BaseModel]:
        with mlflow.start_span("decide", span_type="AGENT") as span:
            span.set_inputs(asdict(question))
            decision = self.decide(question, rows)
            span.set_outputs({"answer": decision.answer.model_dump(), **decision.provenance()})
        return decision

    def _item(self, decision: Decision[BaseModel]) -> dict[str, Any]:
        return self.create_text_output_item(decision.answer.model_dump_json(), f"msg_{uuid4().hex}")


def _tag(decisions: Sequence[Decision[BaseModel]]) -> None:
    """Tag a request's trace with its orders, sources and models, so that it can be found."""
    if mlflow.get_current_active_span() is None:
        return  # tracing is off
    values = {
        name: dict.fromkeys(str(getattr(decision, name)) for decision in decisions)
        for name in ("order_id", "source", "model")
    }
    mlflow.update_current_trace(tags={name: ", ".join(found) for name, found in values.items()})
