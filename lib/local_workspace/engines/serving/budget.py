"""The limits of an endpoint's use of an external server, and its usage."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from local_workspace.runtime.timestamps import now_iso


class Limits(BaseModel):
    """The longest time of an answer in seconds, waits and retries included; the budget of a run.

    A limit that is None does not exist. `run` names what the budget is for: another name starts the count anew, none
    goes on with it. `advice` is added to errors about a limit: how to change the limits.
    """

    model_config = ConfigDict(extra="forbid")

    timeout_seconds: float = Field(600.0, gt=0)
    max_calls: int | None = Field(None, ge=0)
    max_usd: float | None = Field(None, ge=0)
    usd_per_million_input: float | None = Field(None, ge=0)
    usd_per_million_output: float | None = Field(None, ge=0)
    run: str | None = None
    advice: str | None = None

    @model_validator(mode="after")
    def _priced(self) -> "Limits":
        if self.max_usd is not None and None in (self.usd_per_million_input, self.usd_per_million_output):
            raise ValueError("max_usd needs usd_per_million_input and usd_per_million_output.")
        return self

    def advised(self) -> str:
        """The advice as a further sentence of an error; empty if there is none."""
        return f" {self.advice}" if self.advice else ""

    def usd(self, tokens: tuple[int, int]) -> float:
        """The cost of so many tokens in and out, in US dollars."""
        prices = (self.usd_per_million_input or 0.0, self.usd_per_million_output or 0.0)
        return sum(count * price for count, price in zip(tokens, prices, strict=True)) / 1e6


class Used(BaseModel):
    """The usage of a run: requests sent, tokens, US dollars.

    `guessed_calls` is the number of calls whose tokens are estimated by length.
    """

    run: str | None = None
    since: str = Field(default_factory=now_iso)
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    guessed_calls: int = 0


def spent(limits: Limits, used: Used) -> str:
    """Which budget is spent and what to do; empty if none is."""
    if limits.max_calls is not None and used.calls >= limits.max_calls:
        what, setting = f"the budget of {limits.max_calls} calls", "max_calls"
    elif limits.max_usd is not None and used.usd >= limits.max_usd:
        what, setting = f"the budget of ${limits.max_usd:g}", "max_usd"
    else:
        return ""
    spending = f"{used.calls} calls and ${used.usd:.4f} since {used.since}"
    return f"{what} is spent: {spending}. Raise {setting}.{limits.advised()}"
