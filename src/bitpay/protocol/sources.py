"""The contracts' sources, as they are deployed on each network."""

from importlib.resources import files
from pathlib import Path

from bitpay.protocol.ids import NAMES

SIMNET_SBTC = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token"
CLARITY_VERSION = 4


def sources(sbtc_token: str) -> dict[str, str]:
    """Return name -> source in order of deployment, with `sbtc_token` as the token that the vault holds."""
    return {name: source(name).replace(SIMNET_SBTC, sbtc_token) for name in NAMES}


def source(name: str) -> str:
    """Return one contract's source as it lies in the repository (and in the installed package)."""
    packaged = Path(str(files("bitpay"))) / "contracts" / f"{name}.clar"
    checkout = Path(__file__).parents[3] / "contracts" / f"{name}.clar"
    return (packaged if packaged.exists() else checkout).read_text()
