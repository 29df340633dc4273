"""The base of what a request's body is checked with."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A request's body, or a part of it: the fields that are declared are checked, others are kept as they came."""

    model_config = ConfigDict(extra="allow")

    def sent(self) -> dict[str, Any]:
        """The fields that the client sent, without those that only have a default."""
        return self.model_dump(exclude_unset=True)
