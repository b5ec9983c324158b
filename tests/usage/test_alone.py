"""Sights that share no id with another are stored without looking who they may be: the same ends
up in the database as when each is looked at."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocation.usage import ingest
from allocation.usage.models import RecordId
from allocation.usage.observation import Observation
from allocation.usage.operations import check_roll_ups
from allocation.usage.stored import Stored
from tests.usage.sights import clear, everything, one_sight, put
from tests.usage.transcripts import START

pytestmark = pytest.mark.django_db


@st.composite
def one_of_many(draw: st.DrawFn) -> Observation:
    """Most of its requests are known to nobody else; some ids are messages' and requests' too."""
    seen = draw(one_sight())
    if draw(st.booleans()):
        return seen
    number = draw(st.integers(4, 30))
    ids = st.sampled_from([f"m{number}", f"r{number}", "m1", "r1"])
    names = {
        "message_id": draw(ids) if seen.message_id else None,
        "request_id": draw(ids) if seen.request_id else None,
    }
    return msgspec.structs.replace(seen, **names)


BATCHES = st.lists(st.lists(one_of_many(), min_size=1, max_size=10), min_size=1, max_size=4)


def stored(batches: list[list[Observation]]) -> tuple[list[Stored], Any, Any]:
    clear()
    said = [put(*batch) for batch in batches]
    others = RecordId.objects.values_list("record__message_id", "kind", "value")
    return said, everything(), sorted(others, key=repr)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BATCHES)
def test_sights_that_stand_alone_are_stored_as_if_each_was_looked_at(
    db: None, batches: list[list[Observation]]
) -> None:
    quickly = stored(batches)
    with pytest.MonkeyPatch.context() as patch:
        ids = {
            one for batch in batches for seen in batch for one in (seen.message_id, seen.request_id)
        }
        patch.setattr(ingest, "_met_twice", lambda _: ids)
        assert stored(batches) == quickly
    assert check_roll_ups(since=START - timedelta(days=1), until=START + timedelta(days=1)) == []
