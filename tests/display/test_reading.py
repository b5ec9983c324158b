"""Amounts as people type them."""

import pytest

from allocation.display.reading import read_tokens
from allocation.policy.errors import RuleError


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("150", 150),
        ("150,000", 150_000),
        ("150.000", 150_000),
        ("1.500.000", 1_500_000),
        ("150 000", 150_000),
        ("150\u202f000", 150_000),
        ("150'000", 150_000),
        ("150_000", 150_000),
        ("150k", 150_000),
        ("150 K tokens", 150_000),
        ("1.2M", 1_200_000),
        ("1,2M", 1_200_000),
        ("1,200k", 1_200_000),
        ("1.5b", 1_500_000_000),
    ],
)
def test_a_count_of_tokens_is_read_as_people_write_it(text: str, count: int) -> None:
    assert read_tokens(text) == count


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not a count"),
        ("abc", "is not a count"),
        ("k", "is not a count"),
        ("1.5", "is not a count"),
        ("12,34", "is not a count"),
        ("1,00,000", "is not a count"),
        ("٣", "is not a count"),
        ("1e5", "is not a count"),
        ("-5", "cannot be negative"),
        ("\u22125", "cannot be negative"),
        ("9" * 31, "So long a number"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(RuleError, match=sentence):
        read_tokens(text)
