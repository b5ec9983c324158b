"""What the factories share: the moment of every test, and rows that ship."""

from datetime import UTC, datetime, timedelta
from typing import Any

from factory.django import DjangoModelFactory

# Wednesday noon in Los Angeles, winter time.
NOW = datetime(2026, 11, 18, 20, tzinfo=UTC)
# The week around NOW: Monday 14:00 to Monday 14:00 in Los Angeles.
WEEK_START = datetime(2026, 11, 16, 22, tzinfo=UTC)
WEEK_END = WEEK_START + timedelta(days=7)


class Shipped(DjangoModelFactory):
    """Rows that may be there: found by `django_get_or_create`, then given the columns passed."""

    class Meta:
        abstract = True

    @classmethod
    def _generate(cls, strategy: str, params: dict[str, Any]) -> Any:
        row = super()._generate(strategy, params)
        changed = {
            name for name in params if "__" not in name and getattr(row, name) != params[name]
        }
        for name in changed:
            setattr(row, name, params[name])
        if changed:
            row.save(update_fields=changed)
        return row
