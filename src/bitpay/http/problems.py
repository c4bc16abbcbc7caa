"""Errors as `application/problem+json` (RFC 9457) with a stable `code`. Nothing leaks a traceback."""

import math
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bitpay.kit.errors import BitPayError, RateLimited
from bitpay.stacks.client import ApiError, ReadFailed
from bitpay.stacks.errors import StacksError

MEDIA_TYPE = "application/problem+json"

_LOG = structlog.get_logger(__name__)
_SHOWN_FIELDS = 20
_SHOWN_NAME = 100
"""Characters of a field's name: unknown fields bear whatever name their sender liked."""
_CODES = {
    HTTPStatus.BAD_REQUEST: "invalid_input",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_TIMEOUT: "too_slow",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
}


class ProblemResponse(JSONResponse):
    """A problem document."""

    media_type = MEDIA_TYPE


def problem(
    status: int,
    code: str,
    detail: str,
    details: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the problem document {type, title, status, code, detail} with `details` as further members."""
    body = {
        **(details or {}),
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    return ProblemResponse(body, status_code=status, headers=headers)


def problem_of(error: BitPayError) -> Response:
    """Return the problem document of one of our own errors."""
    headers = {"Retry-After": str(error.details.get("retryAfter", 1))} if isinstance(error, RateLimited) else None
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers = {"WWW-Authenticate": "Bearer"}
    return problem(error.status, error.code, error.message, error.details, headers)


def install_problems(app: FastAPI) -> None:
    """Make every error of this application a problem document."""
    app.add_exception_handler(BitPayError, _on_own)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(StacksError, _on_stacks)
    app.add_exception_handler(PyMongoError, _on_database)


async def _on_own(_request: Request, error: Exception) -> Response:
    assert isinstance(error, BitPayError)  # noqa: S101 - registered for this class
    return problem_of(error)


async def _on_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    code = _CODES.get(HTTPStatus(error.status_code), "http_error")
    return problem(error.status_code, code, str(error.detail), headers=error.headers)


async def _on_validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    fields = [_field(item) for item in error.errors()[:_SHOWN_FIELDS]]
    if any(item["type"] == "json_invalid" for item in error.errors()):
        return problem(400, "invalid_json", "The body is not JSON.")
    first = fields[0]
    return problem(400, "invalid_input", f"{first['field']}: {first['message']}", {"fields": fields})


async def _on_stacks(request: Request, error: Exception) -> Response:
    if isinstance(error, ApiError | ReadFailed):
        _LOG.warning("node_error", path=request.url.path, error=repr(error))
        wait = getattr(error, "retry_after", None) or 2.0
        sentence = "The Stacks node does not answer properly; try again in a moment."
        return problem(503, "node_unavailable", sentence, headers={"Retry-After": str(math.ceil(wait))})
    return problem(400, _snake(type(error).__name__), f"{str(error)[:1].upper()}{str(error)[1:]}.")


async def _on_database(request: Request, error: Exception) -> Response:
    _LOG.error("database_error", path=request.url.path, error=repr(error))
    return problem(503, "unavailable", "The database does not answer; try again in a moment.", headers=_SOON)


class CatchUnexpected:
    """ASGI middleware: whatever nobody caught is recorded and answered 500, without a word about its inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request; lifespan and sockets pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, note)
        except (HTTPException, BitPayError):
            raise  # a middleware further out answers these
        except Exception as error:
            _LOG.exception("unexpected_error", path=scope["path"], error=repr(error))
            if started:
                raise
            sentence = "Something went wrong on our side; it has been recorded."
            await problem(500, "internal_error", sentence)(scope, receive, send)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


_SOON = {"Retry-After": "2"}


def _field(item: Mapping[str, Any]) -> dict[str, str]:
    """Name the field as the caller wrote it; what was sent is not echoed."""
    place: Sequence[object] = item["loc"][1:] or item["loc"]
    message = str(item["msg"]).removeprefix("Value error, ")
    return {"field": ".".join(str(part) for part in place)[:_SHOWN_NAME], "message": message}
