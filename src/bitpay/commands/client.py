"""BitPay's own API as the commands use it: typed errors, bounded waits."""

import time
from types import TracebackType
from typing import Any, Self

import httpx

from bitpay.kit.errors import BitPayError, Conflict, Unavailable

TIMEOUT_SECONDS = 20.0
FOLLOW_SECONDS = 180.0
FOLLOW_POLL_SECONDS = 0.15
PENDING = "pending"


class Refused(BitPayError):
    """BitPay answered with a problem; `code` of the problem is in `details`."""

    code = "refused"
    status = 400


class Api:
    """A small synchronous client. `url` is where BitPay answers, `dev_token` opens the development powers."""

    def __init__(self, url: str, *, dev_token: str | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {"Origin": self.url}
        self._dev_headers = {"X-BitPay-Dev-Token": dev_token} if dev_token else {}
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def get(self, path: str, **params: str | int | None) -> Any:  # noqa: ANN401 - JSON
        """GET `path` under /api/v1 and return its JSON."""
        given = {name: value for name, value in params.items() if value is not None}
        return self._send("GET", f"/api/v1{path}", params=given)

    def post(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """POST JSON to `path` under /api/v1 and return its JSON."""
        return self._send("POST", f"/api/v1{path}", json=body)

    def dev(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Use a development power."""
        return self._send("POST", f"/dev{path}", json=body, headers=self._dev_headers)

    def follow(self, txid: str) -> dict[str, Any]:
        """Wait until the transaction is in a block or failed, and return it. Raises Refused when it failed."""
        deadline = time.monotonic() + FOLLOW_SECONDS
        while time.monotonic() < deadline:
            transaction: dict[str, Any] = self.get(f"/transactions/{txid}")
            if transaction["status"] != PENDING:
                return succeeded(transaction)
            time.sleep(FOLLOW_POLL_SECONDS)
        raise Unavailable(f"Transaction {txid} is still pending after {FOLLOW_SECONDS:.0f} s; look at it again later.")

    def _send(self, method: str, path: str, **rest: Any) -> Any:  # noqa: ANN401 - JSON
        try:
            answer = self._http.request(method, path, **rest)
        except httpx.HTTPError as error:
            raise Unavailable(f"BitPay does not answer at {self.url}: {error}") from error
        if answer.is_success:
            return answer.json()
        raise refusal(answer)


def succeeded(transaction: dict[str, Any]) -> dict[str, Any]:
    """Return the transaction if it succeeded. Raises Conflict with the reason in words."""
    if transaction["status"] == "success":
        return transaction
    raise Conflict(f"Transaction {transaction['txid']} failed: {transaction.get('reason') or transaction['status']}")


def refusal(answer: httpx.Response) -> Refused:
    """Return the error that a problem+json answer describes."""
    try:
        problem = answer.json()
        return Refused(problem.get("detail") or problem["title"], code=problem.get("code"), status=answer.status_code)
    except (ValueError, KeyError, AttributeError):
        return Refused(f"BitPay answered {answer.status_code} to {answer.request.method} {answer.request.url.path}.")
