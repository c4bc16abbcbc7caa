"""What would stop a process is said in a sentence before it answers anybody."""

import os
import subprocess
import sys

import pytest
from tests.instance import HOOK_SECRET, TOKEN_SECRET
from tests.ledger.ledger_chain import CONTRACTS

from bitpay.kit.processes import free_port
from bitpay.observer import listening
from bitpay.store import Database
from bitpay.store.restoring import RESTORES

Environment = dict[str, str]


@pytest.fixture
def environment(mongo_url: str, database: Database) -> Environment:
    ours = {
        "NETWORK": "local",
        "DEPLOYER": CONTRACTS.deployer,
        "STACKS_API_URL": "http://127.0.0.1:1",
        "MONGODB_URL": mongo_url,
        "MONGODB_DATABASE": database.name,
        "CHAINHOOK_SECRETS": f'["{HOOK_SECRET}"]',
        "TOKEN_SECRET": TOKEN_SECRET,
        "PORT": str(free_port()),
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BITPAY_")}
    return {**inherited, **{f"BITPAY_{name}": value for name, value in ours.items()}}


def refusal(environment: Environment, *command: str) -> str:
    argv = [sys.executable, "-m", "bitpay", *(command or ("serve",))]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


async def test_a_database_of_another_deployment(database: Database, environment: Environment) -> None:
    await database["ledger_head"].insert_one({"_id": "head", "deployer": "ST000", "startHeight": 7})
    assert "This database follows ST000 from block 7." in refusal(environment)


async def test_a_database_that_is_half_restored(database: Database, environment: Environment) -> None:
    await database[RESTORES].insert_one({"_id": "restore", "archive": "5f3a" * 16})
    assert "run `bitpay restore` with it again" in refusal(environment)


def test_a_port_for_the_node_that_is_taken(environment: Environment) -> None:
    port = free_port()
    with listening("127.0.0.1", port):
        told = refusal({**environment, "BITPAY_OBSERVER_PORT": str(port)})
    assert f"The observer's port {port} cannot be opened at 127.0.0.1" in told


def test_settings_that_are_missing_or_wrong_without_their_values(environment: Environment) -> None:
    told = refusal({**environment, "BITPAY_TOKEN_SECRET": "hush", "BITPAY_OBSERVER_PORT": "many"})
    assert "BITPAY_OBSERVER_PORT" in told
    assert "hush" not in told
    del environment["BITPAY_DEPLOYER"]
    assert "BITPAY_DEPLOYER: Field required" in refusal(environment)


@pytest.mark.parametrize("command", [("serve",), ("ledger", "status")])
@pytest.mark.parametrize("password", ["se/cret@word", "se:cret", "100%secret"])
def test_a_password_that_is_not_escaped_without_the_password(
    environment: Environment, command: tuple[str, ...], password: str
) -> None:
    told = refusal({**environment, "BITPAY_MONGODB_URL": f"mongodb://bitpay:{password}@db1:27017/"}, *command)
    assert "BITPAY_MONGODB_URL cannot be read" in told
    assert "cret" not in told
