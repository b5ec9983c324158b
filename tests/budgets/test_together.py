"""Two clicks that apply one calibration."""

from datetime import datetime
from decimal import Decimal

import pytest

from allocation.audit.models import AuditEntry
from allocation.budgets.calibration import Weights, apply_calibration
from allocation.budgets.models import Meter
from tests.threads import at_once


@pytest.mark.django_db(transaction=True)
def test_a_calibration_that_is_applied_twice_at_once_is_applied_once(now: datetime) -> None:
    weights = Weights(tiers={"sonnet": Decimal(2)}, cache_read=Decimal("0.1"))

    def apply() -> None:
        apply_calibration(
            limit=Decimal(700_000), weights=weights, actor="chairman", now=now, reason="Measured."
        )

    meters = Meter.objects.count()
    assert at_once(*[apply] * 4) == []
    assert Meter.objects.count() == meters + 1
    assert AuditEntry.objects.filter(action="calibration").count() == 1
