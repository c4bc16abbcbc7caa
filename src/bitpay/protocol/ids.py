"""The seven contracts' names and ids."""

from dataclasses import dataclass

NAMES = (
    "bitpay-access-control",
    "bitpay-nft",
    "bitpay-obligation-nft",
    "bitpay-sbtc-helper",
    "bitpay-core",
    "bitpay-marketplace",
    "bitpay-treasury",
)
"""In order of deployment."""

SBTC_ASSET = "sbtc-token"
OBLIGATION_ASSET = "obligation"


@dataclass(frozen=True, slots=True)
class Contracts:
    """The contract ids of one deployment: `deployer` is an address, `sbtc_token` a contract id."""

    deployer: str
    sbtc_token: str

    @property
    def access_control(self) -> str:
        """Admins, operators, fees and the pause switch."""
        return f"{self.deployer}.bitpay-access-control"

    @property
    def nft(self) -> str:
        """The receipts."""
        return f"{self.deployer}.bitpay-nft"

    @property
    def obligation_nft(self) -> str:
        """The right to be paid."""
        return f"{self.deployer}.bitpay-obligation-nft"

    @property
    def vault(self) -> str:
        """bitpay-sbtc-helper: the only place where sats lie."""
        return f"{self.deployer}.bitpay-sbtc-helper"

    @property
    def core(self) -> str:
        """The streams."""
        return f"{self.deployer}.bitpay-core"

    @property
    def marketplace(self) -> str:
        """Listings and offers."""
        return f"{self.deployer}.bitpay-marketplace"

    @property
    def treasury(self) -> str:
        """Proposals and the treasury's account."""
        return f"{self.deployer}.bitpay-treasury"

    @property
    def sbtc_asset(self) -> str:
        """The sBTC fungible token, as `contract::asset`."""
        return f"{self.sbtc_token}::{SBTC_ASSET}"

    def all(self) -> tuple[str, ...]:
        """Return our seven contract ids in order of deployment."""
        return tuple(f"{self.deployer}.{name}" for name in NAMES)

    def name_of(self, contract_id: str) -> str | None:
        """Return the contract's name if it is one of ours, else None."""
        address, _, name = contract_id.partition(".")
        return name if address == self.deployer and name in NAMES else None
