"""What is remembered is what would be worked out again, and it is bounded."""

from bitpay.stacks.memo import Memo


def test_an_answer_is_worked_out_once_until_there_are_too_many() -> None:
    asked: list[int] = []

    def square(number: int) -> int:
        asked.append(number)
        return number * number

    squares = Memo(square, limit=2)
    assert [squares[number] for number in (2, 3, 2, 3)] == [4, 9, 4, 9]
    assert asked == [2, 3]
    assert squares[4] == 16
    assert list(squares) == [4]
    assert squares[2] == 4
    assert asked == [2, 3, 4, 2]
