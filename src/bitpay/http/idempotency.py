"""`Idempotency-Key`: the same POST sent twice has one effect and one answer.

After draft-ietf-httpapi-idempotency-key-header-07: another body under the same key is 422, a request that still runs
is 409, a finished one is answered again. A crash in between frees the key when its lease ends.
"""

import hashlib
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError
from starlette.types import Scope

from bitpay.http.problems import problem
from bitpay.http.services import Services
from bitpay.kit.errors import InvalidInput
from bitpay.store import Database, Kind, collection, index

HEADER = "Idempotency-Key"
IDEMPOTENCY_KEYS = collection("idempotency_keys", Kind.PASSING)
KEPT = timedelta(hours=24)

index(IDEMPOTENCY_KEYS, [("expiresAt", 1)], expireAfterSeconds=0)

_LEASE = timedelta(seconds=60)
_MAX_KEY = 255
_MAX_ANSWER = 64 << 10
_NOT_FINAL = frozenset({409, 429, 503})
"""Answers that a second try may change; they are not kept."""


class IdempotencyKeys:
    """The keys seen in the last day, each with its request's fingerprint and the answer."""

    def __init__(self, database: Database) -> None:
        self._keys = database[IDEMPOTENCY_KEYS]

    async def claim(self, key: str, fingerprint: str) -> dict[str, Any] | None:
        """Take the key for this request; None means it is ours now, else the document of who has it."""
        now = datetime.now(UTC)
        free = {"_id": key, "answer": None, "leasedUntil": {"$lt": now}, "fingerprint": fingerprint}
        taken = {"fingerprint": fingerprint, "leasedUntil": now + _LEASE, "expiresAt": now + KEPT, "answer": None}
        try:
            await self._keys.find_one_and_update(
                free, {"$set": taken}, upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            return await self._keys.find_one({"_id": key})
        return None

    async def finish(self, key: str, status: int, body: bytes, media_type: str) -> None:
        """Keep the answer for later repetitions."""
        answer = {"status": status, "body": body, "mediaType": media_type}
        await self._keys.update_one({"_id": key}, {"$set": {"answer": answer}})

    async def release(self, key: str) -> None:
        """Forget the key: this attempt decided nothing."""
        await self._keys.delete_one({"_id": key, "answer": None})


class IdempotentRoute(APIRoute):
    """A route whose POST honours `Idempotency-Key`. Use as `APIRouter(route_class=IdempotentRoute)`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler."""
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None or request.method != "POST":
                return await handle(request)
            if not 0 < len(key) <= _MAX_KEY:
                raise InvalidInput(f"An {HEADER} has 1 to {_MAX_KEY} characters.")
            return await _once(request, handle, key)

        return handle_once


async def _once(request: Request, handle: Callable[[Request], Coroutine[Any, Any, Response]], key: str) -> Response:
    services: Services = request.app.state.services
    keys = services.get(IdempotencyKeys)
    scoped = _digest(_who(request.scope), key.encode())
    fingerprint = _digest(request.method.encode(), request.url.path.encode(), await request.body())
    taken = await keys.claim(scoped, fingerprint)
    if taken is not None:
        return _repeated(taken, fingerprint)
    try:
        answer = await handle(request)
    except BaseException:
        await keys.release(scoped)
        raise
    await _keep(keys, scoped, answer)
    return answer


async def _keep(keys: IdempotencyKeys, key: str, answer: Response) -> None:
    body = bytes(answer.body)
    if answer.status_code in _NOT_FINAL or len(body) > _MAX_ANSWER:
        await keys.release(key)
    else:
        await keys.finish(key, answer.status_code, body, answer.media_type or "application/json")


def _repeated(taken: dict[str, Any], fingerprint: str) -> Response:
    if taken["fingerprint"] != fingerprint:
        return problem(422, "idempotency_key_reused", f"This {HEADER} came with another request before.")
    answer = taken["answer"]
    if answer is None:
        running = "The same request is still being worked on."
        return problem(409, "still_running", running, headers={"Retry-After": "2"})
    replayed = {"Idempotency-Replayed": "true"}
    return Response(answer["body"], answer["status"], replayed, answer["mediaType"])


def _who(scope: Scope) -> bytes:
    """Scope keys to who sends them: the credentials if there are any, else the client's address."""
    given = [value for name, value in scope["headers"] if name in {b"authorization", b"cookie"}]
    client = scope.get("client")
    return b"\n".join(given) or (client[0].encode() if client else b"")


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()
