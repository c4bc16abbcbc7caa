"""Keeping registered hooks in a file that only the owner can read."""

import json
import os
from pathlib import Path
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)

_log = structlog.get_logger(__name__)


def keep(file: Path, document: Any) -> None:  # noqa: ANN401 - JSON
    """Write JSON so that the file has all of it or stays as it was."""
    part = file.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        json.dump(document, handle)
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(file)


def kept(file: Path) -> Any:  # noqa: ANN401 - JSON
    """Return what was kept, None when nothing was."""
    return json.loads(file.read_bytes()) if file.exists() else None


def understood(model: type[Model], document: Any) -> Model | None:  # noqa: ANN401 - JSON
    """Read what was kept of a hook; None, and a word in the log, when this version would not take it any more."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        _log.error("a hook that was kept is left out", hook=document, why=str(error))
        return None
