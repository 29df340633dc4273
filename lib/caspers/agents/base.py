"""What the kitchens' agents share: their clients, how a request is read, how an answer leaves."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from databricks.sdk import WorkspaceClient
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse, ResponsesAgentStreamEvent
from openai import OpenAIError
from pydantic import BaseModel

from caspers.agents.ask import client
from caspers.agents.loop import NoAnswer, converse
from caspers.agents.tools import Lookup, Tools, sql_lookup

MODEL_SECONDS = 60.0
POLICY_NAME = "offline-policy"


@dataclass(frozen=True)
class Decision[Answer: BaseModel]:
    """An answer and where it comes from.

    status: `decided`, or in a word why there was nothing to decide.
    source: `agent` if the model decided, otherwise `fallback`; note: why it was not the model, or what was corrected.
    """

    answer: Answer
    status: str
    source: str = "fallback"
    model: str = POLICY_NAME
    order_id: str | None = None
    note: str | None = None
    usage: dict[str, int] | None = None


class KitchenAgent(ResponsesAgent):
    """Decides with the model endpoint `llm_model` over the facts that a lookup finds.

    `open_ai` is an OpenAI client; without one, and without a lookup, it takes those of the workspace that the
    environment names, and looks facts up in `catalog` on `warehouse_id`.
    """

    def __init__(self, llm_model: str, catalog: str = "", warehouse_id: str | None = None, open_ai: Any = None,
                 lookup: Lookup | None = None) -> None:
        self.llm_model, self.catalog, self.warehouse_id = llm_model, catalog, warehouse_id
        self._given = (open_ai, lookup)

    @abstractmethod
    def judge(self, request: ResponsesAgentRequest) -> Decision:
        """The decision on a request. Raises RuntimeError if facts can't be looked up."""

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        """The answer as JSON text; `custom_outputs` has status, source, model, order_id, note and usage."""
        decision = self.judge(request)
        item = self.create_text_output_item(decision.answer.model_dump_json(), f"msg_{uuid4().hex}")
        outputs = {name: value for name, value in asdict(decision).items() if name != "answer"}
        return ResponsesAgentResponse(output=[item], custom_outputs=outputs)

    def predict_stream(self, request: ResponsesAgentRequest) -> Iterator[ResponsesAgentStreamEvent]:
        """The same answer as one finished item."""
        whole = self.predict(request)
        yield ResponsesAgentStreamEvent(type="response.output_item.done", item=whole.output[0].model_dump(),
                                        custom_outputs=whole.custom_outputs)

    def consult[Answer: BaseModel](self, order_id: str, prompt: str, question: str, tools: Tools, name: str,
                                   own: Answer) -> Decision[Answer]:
        """What the model answers in the shape of `own`, a schema called `name`; if it gives none, `own` and why."""
        messages = [{"role": "system", "content": prompt}, {"role": "user", "content": question}]
        try:
            reply = converse(self.open_ai, self.llm_model, messages, tools, type(own), name)
        except (NoAnswer, OpenAIError) as error:
            return Decision(own, "decided", order_id=order_id, note=f"The policy decided, not the model: {error}")
        return Decision(reply.answer, "decided", "agent", reply.model, order_id, None, reply.usage)

    @cached_property
    def open_ai(self) -> Any:
        """The OpenAI client with which the model is asked."""
        if self._given[0] is not None:
            return self._given[0]
        return client(WorkspaceClient(), MODEL_SECONDS)

    @cached_property
    def lookup(self) -> Lookup:
        """Where facts are looked up."""
        return self._given[1] or sql_lookup(self.catalog, self.warehouse_id)


def request_text(request: ResponsesAgentRequest) -> str:
    """All that the user said in a request, one turn a line."""
    turns = [each.model_dump() for each in request.input]
    contents = [turn.get("content") for turn in turns if turn.get("role") == "user"]
    parts = (part if isinstance(part, list) else [{"text": part}] for part in contents)
    return "\n".join(str(piece["text"]) for part in parts for piece in part if piece.get("text"))
