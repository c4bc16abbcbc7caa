"""Configuration: environment variables with the prefix BITPAY_, checked once at start."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

NetworkName = Literal["local", "testnet", "mainnet"]

SBTC_TOKEN: dict[NetworkName, str] = {
    "local": "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token",
    "testnet": "SN3VMHXEN64ZZF71JQ5VESXDWTR301XTTXGF4J8F1.sbtc-token",
    "mainnet": "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token",
}
STACKS_API: dict[NetworkName, str] = {
    "local": "",
    "testnet": "https://api.testnet.hiro.so",
    "mainnet": "https://api.hiro.so",
}
MIN_SECRET_LENGTH = 24
DATABASE = "bitpay"
"""What the database is called where nobody says otherwise."""


class LedgerSettings(BaseSettings):
    """Which chain and which database: what it takes to keep the ledger, without serving anybody."""

    model_config = SettingsConfigDict(env_prefix="BITPAY_", extra="ignore")

    network: NetworkName = "local"
    deployer: str = Field(description="Stacks address that deployed the contracts")
    start_height: int = Field(default=1, ge=1, description="Stacks block height of the contracts' deployment")
    sbtc_token: str = ""
    stacks_api_url: str = ""
    stacks_api_key: SecretStr | None = None
    mongodb_url: SecretStr
    mongodb_database: str = DATABASE
    chainhooks_url: str = ""
    """Where Chainhooks 2.0 hooks are registered (with `stacks_api_key`); empty leaves that to the operator."""
    chainhooks_path: str = "/chainhooks"
    """Below which path there; some of Hiro's documentation says /chainhooks/v1."""

    @property
    def api_key(self) -> str:
        """The key of the Stacks API, "" where none is needed."""
        return self.stacks_api_key.get_secret_value() if self.stacks_api_key else ""

    @model_validator(mode="after")
    def _know_the_network(self) -> Self:
        self.sbtc_token = self.sbtc_token or SBTC_TOKEN[self.network]
        self.stacks_api_url = self.stacks_api_url or STACKS_API[self.network]
        return self


class Settings(LedgerSettings):
    """All that one BitPay process needs to know. Secrets have no default: each network must be given its own."""

    redis_url: SecretStr | None = None

    host: str = "127.0.0.1"
    port: int = Field(default=8420, ge=1, le=65535)
    public_url: str = ""
    """Where people reach this instance; its host and origin are the only ones answered."""

    chainhook_secrets: list[SecretStr] = Field(min_length=1)
    """Accepted webhook secrets: the current one first, during rotation also the one before."""
    observer_host: str = "127.0.0.1"
    observer_port: int | None = Field(default=None, ge=1, le=65535)
    """Where a stacks-node of our own delivers its blocks, without a secret: never a public address."""
    audit_seconds: float = Field(default=60.0, ge=0)
    """How often, on average, a document is held against the contracts; 0 leaves that to `bitpay audit`."""
    token_secret: SecretStr
    """Signs short-lived access tokens (JWT)."""
    dev_token: SecretStr | None = None
    """Opens the development powers; only on the local network, new with every start."""
    dev_accounts_file: Path | None = None
    control_url: str = ""
    """The local chain's control address; only on the local network."""
    control_token: SecretStr | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        self.public_url = self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"
        if not self.stacks_api_url:
            raise ValueError("BITPAY_STACKS_API_URL must name the local chain's address")
        self._check_secrets()
        return self

    def _check_secrets(self) -> None:
        for secret in [*self.chainhook_secrets, self.token_secret]:
            if len(secret.get_secret_value()) < MIN_SECRET_LENGTH:
                raise ValueError(f"a secret needs at least {MIN_SECRET_LENGTH} characters")
        if self.network != "local" and (
            self.dev_token or self.dev_accounts_file or self.control_url or self.control_token
        ):
            raise ValueError("development powers exist on the local network only")
