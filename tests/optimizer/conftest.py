"""A fleet that ran for a while, for every test of the optimizer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from allocation.directives.models import StrategicDirective
from tests.factories import NOW, DecisionFactory, UsageRecordFactory, rebuild_hours

Ran = Callable[..., None]
MODELS = {
    "haiku": "claude-haiku-4-5",
    "sonnet": "claude-sonnet-4-5",
    "opus": "claude-opus-4-5",
}


@pytest.fixture
def ran(db: None) -> Ran:
    """Runs of DOCMON in PLAN on sonnet, each of 6,000 tokens, decided and counted."""

    def run(
        n: int = 1,
        *,
        tier: str = "sonnet",
        at: datetime = NOW - timedelta(days=2),
        sub_agent: str = "DOCMON",
        phase: str = "PLAN",
        sd: StrategicDirective | None = None,
        tokens: int = 6_000,
        result: str = "",
        **columns: Any,
    ) -> None:
        place = {"sub_agent": sub_agent, "phase": phase, "sd": sd, "at": at}
        DecisionFactory.create_batch(n, **place, observed=tier, result=result, **columns)
        for _ in range(n):
            UsageRecordFactory(
                **place, model=MODELS[tier], input=tokens * 5 // 6, output=tokens // 6
            )
        rebuild_hours([at])

    return run
