import pytest

from allocation.policy.model_truth import Truth, departs, model_truth
from allocation.policy.tiers import FABLE, HAIKU, OPUS, SONNET, Tier


@pytest.mark.parametrize(
    ("requested", "recommended", "observed", "floor", "truth"),
    [
        (None, SONNET, SONNET, HAIKU, Truth.FOLLOWED),
        (SONNET, SONNET, SONNET, SONNET, Truth.FOLLOWED),
        # Steered by zone or complexity: the harness asked for one, ran the other, as decided.
        (OPUS, HAIKU, HAIKU, HAIKU, Truth.FOLLOWED),
        (HAIKU, SONNET, SONNET, HAIKU, Truth.FOLLOWED),
        # Asked for less than the floor.
        (HAIKU, OPUS, OPUS, OPUS, Truth.FLOOR_RAISE),
        (SONNET, OPUS, OPUS, OPUS, Truth.FLOOR_RAISE),
        (HAIKU, OPUS, OPUS, SONNET, Truth.FLOOR_RAISE),
        # At the floor is not below it.
        (SONNET, OPUS, OPUS, SONNET, Truth.FOLLOWED),
        # Something else ran and nobody said why.
        (SONNET, SONNET, OPUS, SONNET, Truth.SILENT_MISMATCH),
        (None, OPUS, HAIKU, OPUS, Truth.SILENT_MISMATCH),
        (HAIKU, OPUS, HAIKU, OPUS, Truth.SILENT_MISMATCH),
        (None, SONNET, FABLE, HAIKU, Truth.SILENT_MISMATCH),
        # Put off, and it ran.
        (None, None, OPUS, OPUS, Truth.SILENT_MISMATCH),
        # Nobody saw it.
        (SONNET, SONNET, None, SONNET, Truth.UNKNOWN),
        (None, None, None, OPUS, Truth.UNKNOWN),
        (HAIKU, OPUS, None, OPUS, Truth.UNKNOWN),
    ],
)
def test_the_class_says_what_explains_the_difference(
    requested: Tier | None,
    recommended: Tier | None,
    observed: Tier | None,
    floor: Tier,
    truth: Truth,
) -> None:
    assert (
        model_truth(requested=requested, recommended=recommended, observed=observed, floor=floor)
        is truth
    )


@pytest.mark.parametrize("recommended", [SONNET, None])
def test_a_reason_makes_a_departure_an_override(recommended: Tier | None) -> None:
    given = {"recommended": recommended, "requested": None, "observed": OPUS, "floor": HAIKU}
    assert model_truth(**given, reason="A tricky migration.") is Truth.OVERRIDE
    assert model_truth(**given, reason="  ") is Truth.SILENT_MISMATCH


def test_a_reason_explains_nothing_where_the_recommendation_was_followed() -> None:
    truth = model_truth(
        recommended=OPUS, requested=None, observed=OPUS, floor=HAIKU, reason="I like it."
    )
    assert truth is Truth.FOLLOWED


def test_the_chairmans_override_explains_why_another_tier_ran_than_was_asked_for() -> None:
    given = {"recommended": OPUS, "observed": OPUS, "floor": OPUS, "forced": True}
    assert model_truth(**given, requested=HAIKU) is Truth.OVERRIDE
    assert model_truth(**given, requested=OPUS) is Truth.FOLLOWED


def test_an_override_that_was_not_kept_is_a_silent_mismatch() -> None:
    truth = model_truth(recommended=OPUS, requested=OPUS, observed=SONNET, floor=HAIKU, forced=True)
    assert truth is Truth.SILENT_MISMATCH


def test_nothing_seen_explains_nothing_whatever_the_reason() -> None:
    truth = model_truth(
        recommended=OPUS, requested=HAIKU, observed=None, floor=OPUS, forced=True, reason="why"
    )
    assert truth is Truth.UNKNOWN


@pytest.mark.parametrize(
    ("recommended", "observed", "departed"),
    [
        (SONNET, SONNET, False),
        (SONNET, OPUS, True),
        (SONNET, HAIKU, True),
        (None, HAIKU, True),
        (SONNET, None, False),
        (None, None, False),
    ],
)
def test_only_what_was_seen_can_depart(
    recommended: Tier | None, observed: Tier | None, departed: bool
) -> None:
    assert departs(recommended=recommended, observed=observed) is departed
