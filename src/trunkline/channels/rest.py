"""What any channel in writing may say in the channels file: how soon to answer, and when conversations end."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trunkline.flows.fields import Rest

Words = Annotated[str, Field(min_length=1, max_length=1000)]


class RestShape(BaseModel):
    """How long a customer may wait for an answer; how long an agent may, until they are reminded, and it is closed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    answer_within: Rest | None = None
    remind_after: Rest | None = None
    reminder: Words | None = None
    close_after: Rest | None = None

    @model_validator(mode="after")
    def _reminds_before_it_closes(self) -> "RestShape":
        if (self.remind_after is None) != (self.reminder is None):
            raise ValueError("remind_after and reminder go together: when somebody is reminded, and by what")
        if self.remind_after is not None and self.close_after is not None and self.close_after <= self.remind_after:
            raise ValueError("close_after must be longer than remind_after, for both are counted from the last message")
        return self


class CarriedShape(RestShape):
    """A channel whose messages reach people wherever they are, at any time of the day."""

    within: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """The calendar of the centre in which flows may write to somebody who is in no conversation."""
