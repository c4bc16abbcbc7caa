"""The registration API of a self-hosted Chainhook (v1): `/ping` and `/v1/chainhooks`.

As there, every answer has status 200 and says in its body how it went. As there, programs on this machine need no key;
whoever else may reach this, a web page included, needs the token of this start (`x-api-key` or a bearer token).
"""

import hmac
from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from bitpay.kit.errors import Conflict, NotFound
from bitpay.localchain.api.guard import ApiError, json_body
from bitpay.localchain.hooks.predicate import Predicate
from bitpay.localchain.hooks.predicates import Predicates

_TRACES = ("origin", "sec-fetch-site", "x-forwarded-for", "forwarded", "via")
"""Headers of web pages and of proxies: programs on this machine send none of them."""


def predicate_routes(predicates: Predicates, token: str) -> APIRouter:
    """Return the registration API."""

    def permitted(request: Request) -> None:
        key = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        known = bool(token) and hmac.compare_digest(key.encode(), token.encode())
        if not known and not _is_from_here(request):
            raise ApiError(403, "This needs the token of this start of the local chain.")

    router = APIRouter()

    @router.get("/ping")
    async def ping() -> JSONResponse:
        return JSONResponse({"status": 200, "result": "chainhook service up and running"})

    registered = APIRouter(prefix="/v1/chainhooks", dependencies=[Depends(permitted)])
    _add_many(registered, predicates)
    _add_one(registered, predicates)
    router.include_router(registered)
    return router


def _is_from_here(request: Request) -> bool:
    peer = request.client.host if request.client else ""
    try:
        near = ip_address(peer).is_loopback
    except ValueError:
        near = False
    return near and not any(name in request.headers for name in _TRACES)


def _add_many(router: APIRouter, predicates: Predicates) -> None:
    @router.get("")
    async def listing() -> JSONResponse:
        return JSONResponse({"status": 200, "result": [predicate.to_json() for predicate in predicates.all()]})

    @router.post("")
    async def register(request: Request) -> JSONResponse:
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise ApiError(415, "A predicate is application/json.")
        document = await json_body(request)
        try:
            predicate = Predicate.model_validate(document)
        except ValidationError as error:
            return JSONResponse({"status": 422, "error": _complaints(error)})
        try:
            return JSONResponse({"status": 200, "result": predicates.register(predicate).predicate.uuid})
        except Conflict as error:
            return JSONResponse({"status": 409, "error": error.message})


def _add_one(router: APIRouter, predicates: Predicates) -> None:
    @router.get("/{uuid}")
    async def get(uuid: str) -> JSONResponse:
        try:
            return JSONResponse({"status": 200, "result": predicates.get(uuid).to_json()})
        except NotFound:
            return JSONResponse({"status": 404})

    @router.delete("/stacks/{uuid}")
    async def delete(uuid: str) -> JSONResponse:
        await predicates.remove(uuid)
        return JSONResponse({"status": 200, "result": "Ok"})


def _complaints(error: ValidationError) -> list[Any]:
    return [": ".join([".".join(map(str, one["loc"])), one["msg"]]) for one in error.errors()]
