"""The base of all JSON: camelCase on the wire, strict about what it takes."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Json(BaseModel):
    """A JSON object. Unknown members are refused: a misspelt option must not be ignored where money is meant."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)
