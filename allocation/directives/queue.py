"""Which SD is next."""

from allocation.directives.models import Status, StrategicDirective


def next_sd() -> StrategicDirective | None:
    """The SD to work on: the one longest in progress, else the proposed one that matters most.

    Among equal priorities the oldest proposal comes first. None where nothing waits.
    """
    under_way = StrategicDirective.objects.filter(status=Status.IN_PROGRESS)
    proposed = StrategicDirective.objects.filter(status=Status.PROPOSED)
    return (
        under_way.order_by("started_at", "id").first()
        or proposed.order_by("-priority", "created_at", "id").first()
    )
