"""Model mixes: which share of some tokens ran on which tier."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.errors import RuleError
from allocation.policy.mix import Mix, check_mix, split

TIERS = frozenset({"haiku", "sonnet", "opus", "fable"})


@st.composite
def mixes(draw: st.DrawFn) -> dict[str, int]:
    """Shares in whole percent that add up to 100."""
    cuts = sorted(draw(st.lists(st.integers(0, 100), max_size=3)))
    shares = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    return dict(zip(draw(st.permutations(sorted(TIERS))), shares, strict=False))


@pytest.mark.parametrize(
    "mix",
    [{}, {"opus": 100}, {"haiku": 40, "sonnet": 40, "opus": 20}, {"sonnet": 99, "fable": 1}],
)
def test_a_mix_that_adds_up_is_taken(mix: Mix) -> None:
    assert check_mix(mix, TIERS) == mix


def test_a_share_of_nothing_is_left_out() -> None:
    assert check_mix({"haiku": 0, "sonnet": 100, "opus": 0}, TIERS) == {"sonnet": 100}


@pytest.mark.parametrize(
    ("mix", "total"),
    [
        ({"haiku": 99}, 99),
        ({"haiku": 50, "opus": 51}, 101),
        ({"haiku": 0}, 0),
        ({"haiku": 100, "sonnet": 100}, 200),
    ],
)
def test_a_mix_that_does_not_add_up_is_refused(mix: Mix, total: int) -> None:
    with pytest.raises(RuleError, match=f"adds up to {total}%; it must be 100%"):
        check_mix(mix, TIERS)


@pytest.mark.parametrize("mix", [{"haiku": -1, "opus": 101}, {"opus": 101}, {"haiku": -1}])
def test_a_share_lies_between_nothing_and_all(mix: Mix) -> None:
    with pytest.raises(RuleError, match="must lie between 0% and 100%"):
        check_mix(mix, TIERS)


def test_an_unknown_tier_is_named_with_those_there_are() -> None:
    with pytest.raises(RuleError, match="“gpt” is not a tier; there are fable, haiku, opus, son"):
        check_mix({"gpt": 100}, TIERS)


@pytest.mark.parametrize(
    ("tokens", "mix", "parts"),
    [
        (0, {"haiku": 50, "opus": 50}, {"haiku": 0, "opus": 0}),
        (1, {"haiku": 50, "opus": 50}, {"haiku": 1, "opus": 0}),  # a tie goes to the first named
        (1, {"haiku": 49, "opus": 51}, {"haiku": 0, "opus": 1}),
        (3, {"haiku": 33, "sonnet": 33, "opus": 34}, {"haiku": 1, "sonnet": 1, "opus": 1}),
        (5, {"haiku": 30, "opus": 70}, {"haiku": 2, "opus": 3}),
        (99, {"haiku": 33, "opus": 67}, {"haiku": 33, "opus": 66}),
        (150_000, {"sonnet": 70, "opus": 30}, {"sonnet": 105_000, "opus": 45_000}),
        (12, {}, {"": 12}),
    ],
)
def test_the_largest_remainders_get_the_rest(tokens: int, mix: Mix, parts: Mix) -> None:
    assert split(tokens, mix) == parts


@given(st.integers(0, 10**15), mixes())
def test_a_mix_splits_exactly(tokens: int, mix: Mix) -> None:
    parts = split(tokens, check_mix(mix, TIERS))
    assert sum(parts.values()) == tokens
    assert all(abs(part * 100 - tokens * mix[tier]) < 100 for tier, part in parts.items())
