"""The API's description is checked in; a change of the API shows as a change of that file."""

import json
from pathlib import Path
from typing import Any

from bitpay.app import create_app
from bitpay.kit.settings import Settings

CHECKED_IN = Path(__file__).parents[2] / "docs" / "openapi.json"


def described() -> dict[str, Any]:
    given: dict[str, Any] = {
        "network": "testnet",
        "deployer": "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
        "mongodb_url": "mongodb://127.0.0.1:1",
        "chainhook_secrets": ["a secret of this test, long enough"],
        "token_secret": "a secret of this test, long enough",
    }
    return create_app(Settings(**given)).openapi()


def test_the_description_is_what_is_checked_in() -> None:
    assert described() == json.loads(CHECKED_IN.read_text()), (
        "The API changed. Look at the difference, then write it anew: .venv/bin/python -m tests.http.test_http_openapi"
    )


def test_every_operation_says_what_it_does_and_how_it_fails() -> None:
    document = described()
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), f"{method} {path}"
            assert "application/problem+json" in operation["responses"]["default"]["content"]


if __name__ == "__main__":
    CHECKED_IN.write_text(json.dumps(described(), indent=2, ensure_ascii=False) + "\n")
