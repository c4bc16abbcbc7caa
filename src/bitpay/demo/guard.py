"""Who may use the development powers: this machine, through our own address, with this start's token."""

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from bitpay.http.health import came_directly
from bitpay.http.hosts import LOOPBACK
from bitpay.http.origins import SAFE_METHODS
from bitpay.kit.errors import Forbidden

TOKEN_HEADER = "X-BitPay-Dev-Token"  # noqa: S105 - a header's name


class DevPowersRefused(Forbidden):
    """The request does not come from this machine's own pages or commands, or lacks this start's token."""

    code = "dev_powers_refused"


class DevGuard:
    """Refuses everybody else. `public_url` is where this instance answers, `token` this start's secret."""

    def __init__(self, public_url: str, token: str) -> None:
        url = urlsplit(public_url)
        port = f":{url.port}" if url.port else ""
        names = {f"[{name}]" if ":" in name else name for name in LOOPBACK}
        self._hosts = {url.netloc.lower()} | {f"{name}{port}" for name in names}
        self._token = token.encode()

    def check(self, request: Request) -> None:
        """Raise DevPowersRefused unless every condition holds. As a FastAPI dependency it guards a whole router."""
        host = request.headers.get("host", "").lower()
        token = request.headers.get(TOKEN_HEADER, "").encode()
        refused = (
            not came_directly(request)
            or host not in self._hosts
            or not _is_own_origin(request, host)
            or not hmac.compare_digest(token, self._token)
        )
        if refused:
            raise DevPowersRefused("Development powers answer only to this machine's own pages and commands.")


def _is_own_origin(request: Request, host: str) -> bool:
    """Browsers name the origin of every unsafe request, and our commands do too; for reading it may be missing."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return request.method in SAFE_METHODS
    return urlsplit(origin).netloc.lower() == host
