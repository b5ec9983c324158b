"""What ships is what the report says."""

from datetime import date
from decimal import Decimal

import pytest

from allocation.catalog.models import (
    ClaudeModel,
    ComplexityLevel,
    PassRate,
    PhaseTier,
    Price,
    ReworkPrior,
    SubAgent,
    Tier,
)
from allocation.policy.complexity import RUBRIC
from allocation.policy.tiers import SHIPPED_TIERS

pytestmark = pytest.mark.django_db

SUB_AGENTS = """
VALIDATION       sonnet LEAD,PLAN       8000 15000
SECURITY         opus   LEAD,PLAN,EXEC 10000 20000
DATABASE         sonnet PLAN,EXEC      12000 25000
TESTING          sonnet EXEC           15000 30000
DESIGN           sonnet PLAN,EXEC       8000 18000
PERFORMANCE      sonnet EXEC            7000 15000
GITHUB           sonnet LEAD,EXEC       5000 12000
DOCMON           sonnet LEAD,PLAN       4000  8000
RETRO            sonnet PLAN,EXEC       6000 12000
STORIES          sonnet PLAN           10000 20000
RISK             sonnet LEAD,PLAN       7000 14000
UAT              sonnet EXEC            8000 15000
API              sonnet PLAN            6000 12000
DEPENDENCY       sonnet EXEC            5000 10000
QUICKFIX         sonnet EXEC            3000  6000
GITHUB-ENHANCED  sonnet EXEC            6000 12000
"""

REWORK = """
code-generation     25  8 3
schema-design       40 12 2
test-generation     30 10 5
security-review     50 20 5
duplicate-detection 35 15 8
documentation        5  2 1
status-checks       10  5 2
retrospective        8  4 2
"""

# Input, output, cache write 5 min, cache write 1 h, cache read.
PRICES = [
    ("claude-haiku-4-5", 0, "1 5 1.25 2 0.10"),
    ("claude-sonnet-4-5", 0, "3 15 3.75 6 0.30"),
    ("claude-opus-4-5", 0, "5 25 6.25 10 0.50"),
    ("claude-haiku-5-5", 0, "0.10 0.50 0.125 0.20 0.01"),
    ("claude-haiku-5-5", 100_000, "0.50 2.50 0.625 1.00 0.05"),
    ("claude-fable-5", 0, "10 50 12.5 20 1"),
]


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


def test_the_four_tiers_have_the_ranks_of_the_rules() -> None:
    assert tuple(tier.to_policy() for tier in Tier.objects.all()) == SHIPPED_TIERS
    assert [tier.name for tier in Tier.objects.all()] == ["haiku", "sonnet", "opus", "fable"]


def test_the_16_sub_agents_are_those_of_step_1() -> None:
    shipped = {
        row.code: [
            row.default_tier.name,
            ",".join(row.phases),
            str(row.tokens_min),
            str(row.tokens_max),
        ]
        for row in SubAgent.objects.all()
    }
    assert shipped == {code: rest for code, *rest in rows(SUB_AGENTS)}
    assert len(shipped) == 16


def test_the_phase_overrides_are_those_of_step_1() -> None:
    shipped = {(str(r.sub_agent), r.phase): str(r.tier) for r in PhaseTier.objects.all()}
    assert shipped == {
        ("SECURITY", "LEAD"): "opus",
        ("SECURITY", "PLAN"): "opus",
        ("SECURITY", "EXEC"): "opus",
        ("VALIDATION", "LEAD"): "sonnet",
        ("VALIDATION", "PLAN"): "opus",
        ("VALIDATION", "EXEC"): "opus",
    }


def test_the_rework_priors_are_those_of_step_6() -> None:
    shipped = {
        (row.task_type.slug, row.tier.name): row.rate_percent for row in ReworkPrior.objects.all()
    }
    expected = {
        (slug, tier): Decimal(rate)
        for slug, *rates in rows(REWORK)
        for tier, rate in zip(("haiku", "sonnet", "opus"), rates, strict=True)
    }
    assert shipped == expected


def test_the_complexity_rubric_is_that_of_the_rules() -> None:
    assert tuple(level.to_policy() for level in ComplexityLevel.objects.all()) == RUBRIC


@pytest.mark.parametrize(("model", "over", "prices"), PRICES)
def test_the_price_list(model: str, over: int, prices: str) -> None:
    price = Price.objects.get(model__model_id=model, prompt_over=over)
    columns = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")
    assert [getattr(price, column) for column in columns] == [*map(Decimal, prices.split())]
    assert price.valid_from == date(2025, 1, 1)


def test_every_model_that_ships_has_a_price_and_a_tier_of_the_four() -> None:
    assert not ClaudeModel.objects.filter(prices=None).exists()
    assert {*ClaudeModel.objects.values_list("tier__name", flat=True)} == {
        "haiku",
        "sonnet",
        "opus",
        "fable",
    }


def test_hand_logged_tokens_weigh_as_the_generation_of_the_report() -> None:
    assert dict(Tier.objects.values_list("name", "weighed_as__model_id")) == {
        "haiku": "claude-haiku-4-5",
        "sonnet": "claude-sonnet-4-5",
        "opus": "claude-opus-4-5",
        "fable": "claude-fable-5",
    }


@pytest.mark.parametrize(
    ("code", "phase", "rate"),
    [
        ("GITHUB", "", "94.8"),
        ("DOCMON", "PLAN", "100"),
        ("STORIES", "LEAD", "8"),
        ("SECURITY", "", "25.0"),
        ("TESTING", "", None),
    ],
)
def test_the_pass_rates_of_appendix_a(code: str, phase: str, rate: str | None) -> None:
    row = PassRate.objects.get(sub_agent__code=code, phase=phase)
    assert row.rate_percent == (rate and Decimal(rate))
