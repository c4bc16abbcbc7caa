"""Wrong input anywhere gets a clear error and changes nothing: over real HTTP, on a whole instance."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.e2e.houses import House, recorded

from bitpay.kit.settings import SBTC_TOKEN
from bitpay.stacks import clarity
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import Transaction, contract_call, sign, token_transfer

JSON = {"Content-Type": "application/json"}
MAINNET = "SP3FBR2AGK5H9QBDH3EEN6DF8EK8JY7RX8QJ5SVTE"
FIFTY_MEGABYTES = 50 << 20


@dataclass
class Stranger:
    """Somebody who talks to the instance over HTTP, and what there is to lose."""

    house: House
    http: httpx.Client
    people: dict[str, str]
    contracts: dict[str, str]

    def belongings(self) -> dict[str, Any]:
        """Return everything that wrong input could have changed: all streams and every balance and nonce."""
        accounts = {name: self.http.get(f"/api/v1/accounts/{who}").json() for name, who in self.people.items()}
        vault = self.http.get(f"/api/v1/accounts/{self.contracts['sbtcHelper']}").json()
        return {"streams": recorded(self.house), "accounts": accounts, "vault": vault}

    def order(self, **changes: Any) -> httpx.Response:  # noqa: ANN401 - any JSON
        """Ask for the call that opens a stream from Alice to Bob."""
        wanted = {"sender": self.people["alice"], "recipient": self.people["bob"], "amount": 1_000, "duration": 100}
        return self.http.post("/api/v1/streams/prepare-create", json={**wanted, **changes})

    def call(self, *, contract: str = "", network: Network = Network.TESTNET) -> Transaction:
        """Return Alice's unsigned withdrawal."""
        return contract_call(
            contract or self.contracts["core"],
            "withdraw-from-stream",
            [clarity.uint(1)],
            network=network,
            public_key=self.key.public_key,
            nonce=0,
            fee=3_000,
        )

    @property
    def key(self) -> PrivateKey:
        return self.house.folder.accounts()["alice"]

    def relay(self, transaction: str) -> httpx.Response:
        return self.http.post("/api/v1/transactions", json={"tx": transaction})


@pytest.fixture(scope="module")
def stranger(house: House) -> Iterator[Stranger]:
    """Somebody without any secret; at the end everything must be as it was."""
    with httpx.Client(base_url=house.here.url, timeout=30) as http:
        headers = {"X-BitPay-Dev-Token": house.here.dev_token}
        accounts = http.get("/dev/accounts", headers=headers).json()["accounts"]
        people = {account["name"]: account["address"] for account in accounts}
        stranger = Stranger(house, http, people, http.get("/api/v1/chain").json()["contracts"])
        before = stranger.belongings()
        yield stranger
        assert stranger.belongings() == before


def assert_refused(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code, problem
    assert problem["status"] == status
    assert problem["detail"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"amount": -1}, "invalid_stream"),
        ({"amount": 0}, "invalid_stream"),
        ({"amount": 2_100_000_000_000_001}, "invalid_stream"),
        ({"amount": 1 << 128}, "invalid_stream"),
        ({"amount": 0.5}, "invalid_input"),
        ({"amount": "0.5"}, "invalid_input"),
        ({"amount": True}, "invalid_input"),
        ({"duration": -100}, "invalid_stream"),
        ({"sender": MAINNET}, "invalid_stream"),
        ({"recipient": MAINNET}, "invalid_stream"),
        ({"recipient": SBTC_TOKEN["local"]}, "invalid_stream"),
        ({"recipient": "nobody"}, "invalid_stream"),
        ({"recipent": "misspelt"}, "invalid_input"),
    ],
)
def test_a_wrong_order_prepares_nothing(stranger: Stranger, wrong: dict[str, Any], code: str) -> None:
    assert_refused(stranger.order(**wrong), 400, code)


@pytest.mark.parametrize("name", ["sbtcHelper", "core", "treasury", "obligationNft"])
def test_the_vault_and_our_contracts_are_no_recipients(stranger: Stranger, name: str) -> None:
    assert_refused(stranger.order(recipient=stranger.contracts[name]), 400, "invalid_stream")


def test_an_unsigned_transaction_goes_nowhere(stranger: Stranger) -> None:
    assert_refused(stranger.relay(stranger.call().to_hex()), 400, "invalid_signature")


def test_a_tampered_transaction_goes_nowhere(stranger: Stranger) -> None:
    raw = bytearray(sign(stranger.call(), stranger.key).encode())
    raw[-1] ^= 1  # another stream than the one that was signed for
    assert_refused(stranger.relay(raw.hex()), 400, "invalid_signature")


def test_a_transaction_of_another_network_goes_nowhere(stranger: Stranger) -> None:
    foreign = sign(stranger.call(network=Network.MAINNET), stranger.key)
    assert_refused(stranger.relay(foreign.to_hex()), 400, "invalid_transaction")


def test_other_contracts_and_transfers_are_not_relayed(stranger: Stranger) -> None:
    foreign = sign(stranger.call(contract=f"{stranger.people['bob']}.bitpay-core"), stranger.key)
    transfer = token_transfer(
        stranger.people["bob"], 1, network=Network.TESTNET, public_key=stranger.key.public_key, nonce=0, fee=3_000
    )
    for transaction in (foreign, sign(transfer, stranger.key)):
        assert_refused(stranger.relay(transaction.to_hex()), 403, "foreign_contract")


def test_what_is_no_transaction_goes_nowhere(stranger: Stranger) -> None:
    for text in ("", "zz", "00" * 100):
        assert_refused(stranger.relay(text), 400, "invalid_transaction")
    assert_refused(stranger.relay("00" * 65_537), 413, "too_large")


@pytest.mark.parametrize("secret", [{}, {"Authorization": "Bearer wrong"}, {"x-chainhook-consumer-secret": ""}])
def test_a_webhook_without_its_secret_is_not_heard(stranger: Stranger, secret: dict[str, str]) -> None:
    told = {"chainhook": {"uuid": "x"}, "event": {"chain": "stacks", "network": "testnet", "apply": []}}
    answer = stranger.http.post("/api/webhooks/chainhook/streams", json=told, headers=secret)
    assert_refused(answer, 401, "unauthenticated")


@pytest.mark.parametrize("body", [b"", b"not JSON", b"[" * 50_000, b'{"amount": NaN}', b'{"\\ud800": 1}', b"\xff"])
@pytest.mark.parametrize("path", ["/api/v1/streams/prepare-create", "/api/v1/transactions", "/api/v1/auth/challenge"])
def test_a_body_that_is_not_json_is_said_to_be_none(stranger: Stranger, path: str, body: bytes) -> None:
    answer = stranger.http.post(path, content=body, headers=JSON)
    assert answer.json()["code"] in {"invalid_json", "invalid_input"}
    assert_refused(answer, 400, answer.json()["code"])


@pytest.mark.parametrize("path", ["/api/v1/streams/prepare-create", "/api/v1/transactions", "/dev/sign", "/broadcast"])
def test_fifty_megabytes_are_refused(stranger: Stranger, path: str) -> None:
    pieces = iter([b" " * (1 << 20)] * 50)
    for body in (b" " * FIFTY_MEGABYTES, pieces):
        assert_refused(stranger.http.post(path, content=body, headers=JSON), 413, "too_large")


@pytest.mark.parametrize(
    ("announcement", "sent"),
    [
        pytest.param(f"Content-Length: {FIFTY_MEGABYTES}", b"", id="announced, and nothing sent"),
        pytest.param("Transfer-Encoding: chunked", b"200000\r\n" + b" " * (2 << 20) + b"\r\n", id="one piece sent"),
    ],
)
def test_nobody_waits_for_fifty_megabytes(stranger: Stranger, announcement: str, sent: bytes) -> None:
    host, port = stranger.http.base_url.host, stranger.http.base_url.port
    head = f"POST /api/v1/streams/prepare-create HTTP/1.1\r\nHost: {host}:{port}\r\n{announcement}\r\n\r\n"
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(head.encode() + sent)
        assert connection.recv(12) == b"HTTP/1.1 413"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"X-BitPay-Dev-Token": ""}, 403, "dev_powers_refused"),
        ({"X-BitPay-Dev-Token": "wrong"}, 403, "dev_powers_refused"),
        ({"Origin": "http://evil.example"}, 403, "cross_site"),
        ({"Origin": "null"}, 403, "cross_site"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "cross_site"),
        ({"Host": "evil.example"}, 421, "unknown_host"),
        ({"X-Forwarded-For": "203.0.113.9"}, 403, "dev_powers_refused"),
    ],
)
@pytest.mark.parametrize(
    ("power", "asked"),
    [
        ("sign", {"account": "alice", "message": "hello"}),
        ("faucet", {"account": "dave", "amount": 1_000}),
        ("warp", {"seconds": 100_000}),
        ("mine", {"blocks": 1}),
    ],
)
def test_development_powers_are_for_this_machines_own_pages(
    stranger: Stranger, power: str, asked: dict[str, Any], change: dict[str, str], status: int, code: str
) -> None:
    here = stranger.house.here
    headers = {"X-BitPay-Dev-Token": here.dev_token, "Origin": here.url, **change}
    assert_refused(stranger.http.post(f"/dev/{power}", json=asked, headers=headers), status, code)


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"X-Forwarded-For": "203.0.113.9"}])
def test_pages_for_others_hold_no_development_token(stranger: Stranger, headers: dict[str, str]) -> None:
    token = stranger.house.here.dev_token
    assert token in stranger.http.get("/", headers={"Accept": "text/html"}).text
    assert token not in stranger.http.get("/", headers={"Accept": "text/html", **headers}).text


@pytest.mark.parametrize("number", ["0", "-1", "9" * 20, "9" * 60])
def test_a_number_that_no_stream_can_have_is_just_not_there(stranger: Stranger, number: str) -> None:
    assert_refused(stranger.http.get(f"/api/v1/streams/{number}"), 404, "not_found")
    assert stranger.http.get(f"/streams/{number}", headers={"Accept": "text/html"}).status_code == 404


def test_no_answer_tells_a_secret(stranger: Stranger) -> None:
    keys = json.loads(stranger.house.folder.accounts_file.read_text()).values()
    for path in ("/api/v1/openapi.json", "/metrics", "/", "/streams/999", "/api/v1/nothing"):
        text = stranger.http.get(path).text
        assert not any(key[:64] in text for key in keys)
