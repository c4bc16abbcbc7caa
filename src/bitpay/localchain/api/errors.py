"""How errors are answered: as whoever's path it is would, Hiro's API in three fields, a node in plain text."""

from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bitpay.kit.errors import BitPayError
from bitpay.localchain.api.guard import ApiError, Misfit
from bitpay.localchain.rejections import Rejected, Undecodable


def handlers() -> dict[Any, Any]:
    """Return how each family of errors is answered."""
    return {
        ApiError: _api_error,
        BitPayError: _ours,
        HTTPException: _no_route,
        RequestValidationError: _misfit,
        Exception: _unforeseen,
    }


async def _api_error(request: Request, error: ApiError) -> Response:
    plain = error.plain and _is_a_nodes(request)
    otherwise = PlainTextResponse(error.message, error.status) if plain else None
    return _answer(request, error.status, error.message, otherwise, misfit=isinstance(error, Misfit))


async def _ours(request: Request, error: BitPayError) -> Response:
    match error:
        case Rejected():
            otherwise: Response = JSONResponse(error.to_json(), 400)
        case Undecodable():
            otherwise = PlainTextResponse(error.message, 400)
        case _:
            otherwise = JSONResponse({"error": error.message, "code": error.code}, error.status)
    return _answer(request, otherwise.status_code, error.message, otherwise)


async def _no_route(request: Request, _: HTTPException) -> Response:
    path = request.url.path
    if _is_a_nodes(request):
        return PlainTextResponse(f"No such API endpoint '{path}'", 404)
    return _hiros(404, f"Route {request.method}:{path} not found")


async def _misfit(request: Request, error: RequestValidationError) -> Response:
    message = "; ".join(f"params/{one['loc'][-1]}: {one['msg']}" for one in error.errors())
    return await _api_error(request, Misfit(message, plain=True))


async def _unforeseen(request: Request, _: Exception) -> Response:
    return _answer(request, 500, "The local chain failed; its log says why.", None)


def _answer(
    request: Request, status: int, message: str, otherwise: Response | None, *, misfit: bool = False
) -> Response:
    """Answer as Hiro's API under its paths, and elsewhere with `otherwise`, or our own JSON."""
    if f"{request.url.path}/".startswith("/extended/"):
        return _hiros(status, message, misfit=misfit)
    return otherwise or JSONResponse({"error": message}, status)


def _is_a_nodes(request: Request) -> bool:
    return request.url.path.startswith(("/v2/", "/v3/"))


def _hiros(status: int, message: str, *, misfit: bool = False) -> Response:
    """Answer in the three fields of Fastify, which serves Hiro's API and adds a code where its schema is not met."""
    code = {"code": "FST_ERR_VALIDATION"} if misfit else {}
    said = {"statusCode": status, **code, "error": HTTPStatus(status).phrase, "message": message}
    return JSONResponse(said, status)
