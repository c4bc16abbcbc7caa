from bitpay.ledger.documents import raised
from bitpay.store import storable


def test_a_raised_number_is_the_one_that_is_stored_however_huge() -> None:
    in_memory = raised({"balance": 1 << 62}, {"balance": 1 << 62})
    read_back = {"balance": storable(1 << 63)}

    assert in_memory == read_back == raised(read_back, {"balance": 0})


def test_a_field_that_is_not_there_counts_as_nothing() -> None:
    assert raised({}, {"fees": 5}) == {"fees": 5}
