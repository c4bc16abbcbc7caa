"""`bitpay deploy` against a running chain: contracts of one's own, resumable, verified."""

from tests.e2e.houses import House

from bitpay.stacks.network import Network


def test_contracts_are_deployed_once_and_verified(house: House) -> None:
    admins = [house.folder.accounts()[name].address(Network.TESTNET) for name in ("alice", "bob")]
    argv = ["deploy", "--network", "local", "--as", "erin", "--threshold", "2", "--yes"]
    argv += [part for admin in admins for part in ("--admin", admin)]
    first = house.bitpay(*argv)
    assert first["verified"]
    assert [cost["what"] for cost in first["sent"]][-1] == "finalize"
    assert len(first["sent"]) == 8
    assert all(cost["fee"] >= cost["size"] for cost in first["sent"])
    again = house.bitpay(*argv)
    assert (again["verified"], again["sent"]) == (True, [])
    other = house.bitpay(*[part if part != "2" else "1" for part in argv], check=False)
    assert other["verified"] is False
    assert [finding["what"] for finding in other["findings"] if not finding["agrees"]] == ["get-threshold"]


def test_a_plan_that_the_contracts_would_refuse_is_refused_before_anything_is_spent(house: House) -> None:
    argv = ["deploy", "--network", "local", "--as", "dave", "--yes", "--threshold"]
    alice = house.folder.accounts()["alice"].address(Network.TESTNET)
    for rest in (["2", "--admin", alice], ["1", "--admin", "SP000"], ["1", "--admin", alice, "--admin", alice]):
        assert house.bitpay(*argv, *rest, check=False)["error"]["code"] == "invalid_input"
