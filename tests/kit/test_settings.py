"""An instance starts with all that it needs, or says what is missing."""

from typing import Any

import pytest
from pydantic import ValidationError

from bitpay.kit.settings import Settings

SECRET = "a secret that is long enough"
COMPLETE: dict[str, Any] = {
    "network": "testnet",
    "deployer": "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
    "mongodb_url": "mongodb://127.0.0.1/",
    "chainhook_secrets": [SECRET],
    "token_secret": SECRET,
}


def test_a_complete_configuration_fills_in_what_the_network_decides() -> None:
    settings = Settings(**COMPLETE)
    assert settings.sbtc_token.endswith(".sbtc-token")
    assert settings.stacks_api_url == "https://api.testnet.hiro.so"
    assert settings.host == "127.0.0.1"


@pytest.mark.parametrize("missing", ["deployer", "mongodb_url", "chainhook_secrets", "token_secret"])
def test_no_secret_and_no_address_has_a_default(missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        Settings(**{name: value for name, value in COMPLETE.items() if name != missing})


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least 24 characters"):
        Settings(**{**COMPLETE, "token_secret": "short"})


@pytest.mark.parametrize("power", [{"dev_token": SECRET}, {"control_url": "http://x"}, {"control_token": SECRET}])
def test_development_powers_exist_on_the_local_network_only(power: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="local network only"):
        Settings(**{**COMPLETE, **power})


def test_secrets_are_never_shown() -> None:
    assert SECRET not in repr(Settings(**COMPLETE))
