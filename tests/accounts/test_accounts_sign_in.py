import json
from collections.abc import AsyncIterator

import httpx
import pytest

from bitpay.accounts import api
from bitpay.accounts.balances import BalanceReader
from bitpay.accounts.challenges import LIFETIME
from bitpay.accounts.models import session_id
from bitpay.accounts.repository import CHALLENGES, SESSIONS, USERS, AccountRepository
from bitpay.accounts.service import AccountService
from bitpay.accounts.tokens import AccessTokens
from bitpay.http.application import new_application
from bitpay.http.csrf import CsrfTokens
from bitpay.http.identity import Authenticator
from bitpay.http.rates import RateLimits
from bitpay.http.services import Services
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.messages import sign_message
from bitpay.stacks.network import Network
from bitpay.store import Database

URL = "http://127.0.0.1:8420"
SECRET = "a secret of this test that is long enough"
KEY, OTHER = PrivateKey(b"\x01" * 32), PrivateKey(b"\x02" * 32)
ALICE, BOB = KEY.address(Network.TESTNET), OTHER.address(Network.TESTNET)


@pytest.fixture
def accounts(database: Database) -> AccountService:
    return AccountService(
        AccountRepository(database),
        AccessTokens(SECRET, URL),
        CsrfTokens(SECRET),
        network=Network.TESTNET,
        public_url=URL,
    )


@pytest.fixture
async def http(accounts: AccountService) -> AsyncIterator[httpx.AsyncClient]:
    services = Services()
    services.add(RateLimits, RateLimits())
    services.add(AccountService, accounts)
    services.add(Authenticator, accounts)  # type: ignore[type-abstract]
    app = new_application(services, public_url=URL)
    app.include_router(api.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as http:
        yield http


async def challenge(http: httpx.AsyncClient, address: str = ALICE) -> str:
    answer = await http.post("/api/v1/auth/challenge", json={"address": address})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["message"])


async def verify(http: httpx.AsyncClient, message: str, signature: str, address: str = ALICE) -> httpx.Response:
    return await http.post("/api/v1/auth/verify", json={"address": address, "message": message, "signature": signature})


async def sign_in(http: httpx.AsyncClient) -> str:
    """Sign Alice in and return her CSRF token."""
    message = await challenge(http)
    answer = await verify(http, message, sign_message(KEY, message))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["csrfToken"])


async def test_the_message_says_what_is_signed(http: httpx.AsyncClient) -> None:
    lines = (await challenge(http)).split("\n")
    assert lines[0] == "127.0.0.1:8420 wants you to sign in with your Stacks account:"
    assert lines[1:3] == [ALICE, ""]
    assert lines[4:8] == ["", f"URI: {URL}", "Version: 1", "Chain ID: 2147483648"]
    assert [line.partition(":")[0] for line in lines[8:]] == ["Nonce", "Issued At", "Expiration Time"]


async def test_a_signature_opens_a_session(http: httpx.AsyncClient, database: Database) -> None:
    message = await challenge(http)
    answer = await verify(http, message, sign_message(KEY, message))
    assert answer.json()["address"] == ALICE
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie  # this instance is reached over http
    told = await http.get("/api/v1/auth/session")
    assert told.json() == answer.json()
    user = await database[USERS].find_one({"walletAddress": ALICE})
    assert user is not None
    assert {"walletAddress", "email", "username", "createdAt", "updatedAt", "preferences"} <= user.keys()
    token = http.cookies["bitpay_session"]
    [session] = [row async for row in database[SESSIONS].find()]
    assert session["_id"] == session_id(token)
    assert token not in str(session)


@pytest.mark.parametrize("form", ["0x", "vrs", "27"])
async def test_wallets_write_signatures_differently(http: httpx.AsyncClient, form: str) -> None:
    message = await challenge(http)
    rsv = sign_message(KEY, message)
    forms = {"0x": f"0x{rsv}", "vrs": rsv[-2:] + rsv[:-2], "27": rsv[:-2] + f"{int(rsv[-2:], 16) + 27:02x}"}
    assert (await verify(http, message, forms[form])).status_code == 200


async def test_a_message_serves_once(http: httpx.AsyncClient) -> None:
    message = await challenge(http)
    signature = sign_message(KEY, message)
    assert (await verify(http, message, signature)).status_code == 200
    assert (await verify(http, message, signature)).status_code == 401
    failed = await challenge(http)
    assert (await verify(http, failed, sign_message(OTHER, failed))).status_code == 401
    assert (await verify(http, failed, sign_message(KEY, failed))).status_code == 401


async def test_another_key_another_message_another_address(http: httpx.AsyncClient) -> None:
    message = await challenge(http)
    assert (await verify(http, message, sign_message(OTHER, message))).json()["code"] == "unauthenticated"
    message = await challenge(http)
    changed = message.replace("127.0.0.1", "evil.example")
    assert (await verify(http, changed, sign_message(KEY, changed))).status_code == 401
    message = await challenge(http)
    assert (await verify(http, message, sign_message(OTHER, message), BOB)).status_code == 401
    assert (await verify(http, "Nonce: short", "00" * 65)).status_code == 400
    message = await challenge(http)
    assert (await verify(http, message, "nonsense")).status_code == 401


async def test_text_that_nobody_can_write_signs_nobody_in(http: httpx.AsyncClient) -> None:
    """JSON can spell half of a character; Python's text can hold it, UTF-8 cannot."""
    message = await challenge(http)
    proof = {"address": ALICE, "message": message, "signature": "00" * 65}
    for name, value in proof.items():
        body = json.dumps(proof | {name: f"{value}\ud800"})
        answer = await http.post("/api/v1/auth/verify", content=body, headers={"content-type": "application/json"})
        assert 400 <= answer.status_code < 500, answer.text


async def test_a_message_is_good_for_five_minutes(http: httpx.AsyncClient, database: Database) -> None:
    message = await challenge(http)
    await database[CHALLENGES].update_many({}, [{"$set": {"expiresAt": {"$subtract": ["$expiresAt", _MILLISECONDS]}}}])
    assert (await verify(http, message, sign_message(KEY, message))).status_code == 401


_MILLISECONDS = int(LIFETIME.total_seconds() * 1000)


@pytest.mark.parametrize(
    "address", ["alice", f"{ALICE}.wallet", KEY.address(Network.MAINNET), "SN3VMHXEN64ZZF71JQ5VESXDWTR301XTTXGF4J8F1"]
)
async def test_only_who_can_sign_can_sign_in(http: httpx.AsyncClient, address: str) -> None:
    answer = await http.post("/api/v1/auth/challenge", json={"address": address})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


async def test_unsafe_requests_of_a_session_repeat_its_token(http: httpx.AsyncClient) -> None:
    csrf = await sign_in(http)
    without = await http.post("/api/v1/auth/token")
    assert (without.status_code, without.json()["code"]) == (403, "csrf")
    wrong = await http.post("/api/v1/auth/token", headers={"X-CSRF-Token": "0" * 64})
    assert wrong.status_code == 403
    right = await http.post("/api/v1/auth/token", headers={"X-CSRF-Token": csrf})
    assert right.json()["expiresIn"] == 300


async def test_an_access_token_proves_the_address_without_a_cookie(http: httpx.AsyncClient) -> None:
    csrf = await sign_in(http)
    token = (await http.post("/api/v1/auth/token", headers={"X-CSRF-Token": csrf})).json()["token"]
    http.cookies.clear()
    told = await http.get("/api/v1/auth/session", headers={"Authorization": f"Bearer {token}"})
    assert told.json()["address"] == ALICE
    forged = await http.get("/api/v1/auth/session", headers={"Authorization": f"Bearer {token[:-2]}AA"})
    assert (forged.status_code, forged.headers["www-authenticate"]) == (401, "Bearer")
    assert (await http.get("/api/v1/auth/session")).status_code == 401


async def test_an_access_token_does_not_renew_itself(http: httpx.AsyncClient) -> None:
    csrf = await sign_in(http)
    token = (await http.post("/api/v1/auth/token", headers={"X-CSRF-Token": csrf})).json()["token"]
    http.cookies.clear()
    again = await http.post("/api/v1/auth/token", headers={"Authorization": f"Bearer {token}"})
    assert (again.status_code, again.json()["code"]) == (401, "unauthenticated")


async def test_signing_out_ends_the_session_everywhere(http: httpx.AsyncClient, accounts: AccountService) -> None:
    revoked: list[str] = []
    accounts.on_revoked(revoked.append)
    csrf = await sign_in(http)
    cookie = http.cookies["bitpay_session"]
    assert (await http.post("/api/v1/auth/logout", headers={"X-CSRF-Token": csrf})).status_code == 204
    assert revoked == [session_id(cookie)]
    again = await http.get("/api/v1/auth/session", headers={"Cookie": f"bitpay_session={cookie}"})
    assert again.status_code == 401


def test_over_https_the_cookie_is_bound_to_the_host(database: Database) -> None:
    service = AccountService(
        AccountRepository(database),
        AccessTokens(SECRET, "https://bitpay.example"),
        CsrfTokens(SECRET),
        network=Network.MAINNET,
        public_url="https://bitpay.example",
    )
    assert (service.cookie, service.secure) == ("__Host-bitpay", True)


def test_a_reader_of_balances_is_asked_for_by_type() -> None:
    with pytest.raises(LookupError):
        Services().get(BalanceReader)
