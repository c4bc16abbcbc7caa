"""The registration API of Chainhooks 2.0: `/chainhooks/me`, as npm @hirosystems/chainhooks-client uses it.

The key (`x-api-key`, or a bearer token) is the token of this start of the local chain.
"""

import hmac
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bitpay.localchain.api.guard import ApiError, json_body
from bitpay.localchain.api.paging import page_of
from bitpay.localchain.blocks import Block
from bitpay.localchain.hooks.definition import Definition
from bitpay.localchain.hooks.registry import Registry
from bitpay.localchain.service import ChainService

T = TypeVar("T", bound=BaseModel)

_PAGE_LIMIT = 60


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Enabled(_Model):
    enabled: bool


class _Chosen(_Model):
    uuids: list[str] | None = Field(default=None, min_length=1, max_length=200)
    webhook_url: str | None = None
    statuses: list[Literal["new", "streaming", "expired", "interrupted"]] | None = Field(default=None, min_length=1)


class _BulkEnabled(_Enabled):
    filters: _Chosen = Field(default_factory=_Chosen)


class _Evaluate(_Model):
    block_height: int | None = Field(default=None, ge=0)
    index_block_hash: str | None = Field(default=None, min_length=1)


def chainhook_routes(service: ChainService, registry: Registry, token: str) -> APIRouter:
    """Return the registration API."""

    def permitted(request: Request) -> None:
        key = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token or not hmac.compare_digest(key.encode(), token.encode()):
            raise ApiError(401, "Unauthorized")

    router = APIRouter(prefix="/chainhooks")

    @router.get("")
    async def status() -> JSONResponse:
        return JSONResponse({"server_version": "local chain", "status": "ready"})

    mine = APIRouter(prefix="/me", dependencies=[Depends(permitted)])
    _add_secret(mine, registry)
    _add_many(mine, registry)
    _add_one(mine, service, registry)
    router.include_router(mine)
    return router


def _add_secret(router: APIRouter, registry: Registry) -> None:
    @router.get("/secret")
    async def secret() -> JSONResponse:
        return JSONResponse({"secret": registry.secret})

    @router.post("/secret")
    async def rotate() -> JSONResponse:
        return JSONResponse({"secret": registry.rotate_secret()})

    @router.delete("/secret")
    async def forget() -> JSONResponse:
        registry.forget_secret()
        return JSONResponse({"secret": None})


def _add_many(router: APIRouter, registry: Registry) -> None:
    @router.post("")
    async def register(request: Request) -> JSONResponse:
        definition = _definition(await json_body(request))
        return JSONResponse(registry.register(definition).to_json())

    @router.get("")
    async def listing(request: Request) -> JSONResponse:
        page, hooks = page_of(request, _PAGE_LIMIT), registry.all()
        chosen = hooks[page.offset : page.offset + page.limit]
        facts = {"limit": page.limit, "offset": page.offset, "total": len(hooks)}
        return JSONResponse({**facts, "results": [hook.to_json() for hook in chosen]})

    @router.patch("/enabled")
    async def enable_many(request: Request) -> JSONResponse:
        body = _read(_BulkEnabled, await json_body(request))
        wanted = body.filters
        hooks = [
            hook
            for hook in registry.all()
            if (wanted.uuids is None or hook.uuid in wanted.uuids)
            and wanted.webhook_url in (None, str(hook.definition.action.url))
            and (wanted.statuses is None or hook.status.status in wanted.statuses)
        ]
        registry.enable(hooks, body.enabled)
        return JSONResponse({"updated_uuids": [hook.uuid for hook in hooks]})


def _add_one(router: APIRouter, service: ChainService, registry: Registry) -> None:
    @router.get("/{uuid}")
    async def get(uuid: str) -> JSONResponse:
        return JSONResponse(registry.get(uuid).to_json())

    @router.patch("/{uuid}")
    async def update(request: Request, uuid: str) -> JSONResponse:
        known = registry.get(uuid).definition.model_dump(mode="json", exclude_unset=True)
        change = await json_body(request)
        if not isinstance(change, dict):
            raise ApiError(400, "body must be an object")
        return JSONResponse(registry.update(uuid, _definition({**known, **change})).to_json())

    @router.delete("/{uuid}")
    async def delete(uuid: str) -> Response:
        await registry.remove(uuid)
        return Response(status_code=204)

    @router.patch("/{uuid}/enabled")
    async def enable(request: Request, uuid: str) -> Response:
        body = _read(_Enabled, await json_body(request))
        registry.enable([registry.get(uuid)], body.enabled)
        return Response(status_code=204)

    @router.post("/{uuid}/evaluate")
    async def evaluate(request: Request, uuid: str) -> Response:
        body = _read(_Evaluate, await json_body(request))
        registry.evaluate(uuid, _block(service, body))
        return Response(status_code=204)


def _block(service: ChainService, body: _Evaluate) -> Block:
    archive = service.chain.archive
    height = body.block_height
    if height is None:
        height = archive.height_of(body.index_block_hash or "")
    if height is None or archive.header(height) is None:
        raise ApiError(404, "Block not found")
    return archive.block(height)


def _definition(document: Any) -> Definition:  # noqa: ANN401 - whatever came as JSON
    definition = _read(Definition, document)
    if definition.network != "testnet":
        raise ApiError(400, "The local chain is of the network testnet.")
    return definition


def _read(kind: type[T], document: Any) -> T:  # noqa: ANN401 - whatever came as JSON
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise ApiError(400, f"body does not fit: {error}") from error
