"""Halves of characters in JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.halves import without_halves


@pytest.mark.parametrize(
    ("written", "mended"),
    [
        (rb'"\ud83d"', rb'"\ufffd"'),
        (rb'"\ude00"', rb'"\ufffd"'),
        (rb'"\uD83D\uDE00"', rb'"\uD83D\uDE00"'),
        (rb'"\ude00\ud83d"', rb'"\ufffd\ufffd"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\\ud83d"', rb'"\\ud83d"'),
        (rb'"\\\ud83d"', rb'"\\\ufffd"'),
        (rb'"\ud7ff\ue000"', rb'"\ud7ff\ue000"'),
    ],
)
def test_only_halves_become_unknown_characters(written: bytes, mended: bytes) -> None:
    assert without_halves(written) == mended


@given(st.text(st.characters(codec=None), max_size=20))
def test_what_is_mended_can_be_written_and_all_else_stays(text: str) -> None:
    written = json.dumps(text).encode()
    mended = without_halves(written)
    assert len(mended) == len(written)
    # As Python reads it a pair is one character, and a half stays what it is.
    said = json.loads(written)
    assert json.loads(mended) == "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in said)
