"""An SD in LEAD, and usage captured for an SD."""

from datetime import timedelta

import pytest
from django.utils import timezone

from allocation.directives.models import StrategicDirective
from allocation.usage.models import UsageRecord
from tests.factories import StrategicDirectiveFactory, UsageRecordFactory, rebuild_hours


def captured(sd: StrategicDirective, phase: str, **values: object) -> UsageRecord:
    at = timezone.now() - timedelta(minutes=5)
    record = UsageRecordFactory(sd=sd, phase=phase, at=at, **values)
    rebuild_hours({record.hour})
    return record


@pytest.fixture
def sd(db: None) -> StrategicDirective:
    return StrategicDirectiveFactory(code="SD-PERF-OPT-001", phase="LEAD")
