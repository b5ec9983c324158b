"""Model mixes as people write them."""

import pytest

from allocation.checkpoints.mix_text import in_words, read_mix, write_mix
from allocation.policy.errors import RuleError


@pytest.mark.parametrize(
    ("text", "mix", "assumed"),
    [
        ("", {}, False),
        ("  ? ", {}, False),
        ("unknown", {}, False),
        ("Sonnet", {"sonnet": 100}, False),
        ("Sonnet/Opus", {"sonnet": 50, "opus": 50}, True),
        ("haiku, sonnet and opus", {"haiku": 34, "sonnet": 33, "opus": 33}, True),
        ("sonnet=70, opus=30", {"sonnet": 70, "opus": 30}, False),
        ("sonnet: 70%; opus: 30%", {"sonnet": 70, "opus": 30}, False),
        ("70% Sonnet, 30% Opus", {"sonnet": 70, "opus": 30}, False),
        ("70 sonnet / 30 opus", {"sonnet": 70, "opus": 30}, False),
    ],
)
def test_a_mix_is_read_as_people_write_it(text: str, mix: dict[str, int], assumed: bool) -> None:
    assert read_mix(text) == (mix, assumed)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("70%", "is not a share"),
        ("sonnet=seventy", "is not a share"),
        ("sonnet, sonnet", "names sonnet twice"),
        ("sonnet=50, sonnet=50", "names sonnet twice"),
        ("s" * 201, "So long a text"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(RuleError, match=sentence):
        read_mix(text)


def test_a_mix_is_read_back_as_it_is_written() -> None:
    mix = {"sonnet": 70, "opus": 30}
    assert read_mix(write_mix(mix)) == (mix, False)
    assert in_words(mix) == "sonnet 70%, opus 30%"
