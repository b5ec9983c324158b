"""Which SDs are listed, and in what order. Needs `open_database` before it."""

from collections.abc import Sequence

from allocation.directives.models import OVER, StrategicDirective
from allocation.directives.page import STATUS_ORDER


def sds(*, everything: bool) -> Sequence[StrategicDirective]:
    """What runs, what waits, what is put off; of equals the most important and oldest first."""
    found = StrategicDirective.objects.all()
    if not everything:
        found = found.exclude(status__in=OVER)
    order = {status.value: place for place, status in enumerate(STATUS_ORDER)}
    return sorted(found, key=lambda row: (order[row.status], -row.priority, row.created_at, row.pk))
