import os
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import OperationalError

from allocation.api.apart import _Apart, taken, telemetry_apart
from allocation.api.otlp_body import MalformedBody
from allocation.api.telemetry import Accepted
from allocation.rights.roles import Role, acting_as, current
from tests.factories import NOW


def say_who(body: bytes, is_json: bool, now: datetime) -> Accepted:
    return Accepted(os.getpid(), (current(), f"{body!r} {is_json} {now}"))


def refuse(body: bytes, is_json: bool, now: datetime) -> Accepted:
    raise MalformedBody("No batch.")


def die(body: bytes, is_json: bool, now: datetime) -> Accepted:
    os._exit(9)


@pytest.fixture(scope="module", autouse=True)
def _apart() -> Iterator[None]:
    with telemetry_apart():
        yield


def test_a_batch_is_taken_by_another_process_in_the_name_of_who_sent_it() -> None:
    with acting_as(Role.AGENT):
        one, two = (taken(say_who, b"{}", is_json=True, now=NOW) for _ in range(2))
    assert one == two
    assert one.rejected != os.getpid()
    assert one.notes == (Role.AGENT, f"b'{{}}' True {NOW}")


def test_what_is_wrong_with_a_batch_is_told_here() -> None:
    with pytest.raises(MalformedBody, match=r"^No batch\.$"):
        taken(refuse, b"", is_json=False, now=NOW)


def test_a_process_that_dies_loses_its_batch_and_the_next_has_another() -> None:
    before = taken(say_who, b"", is_json=True, now=NOW).rejected
    with pytest.raises(OperationalError, match="has ended"):
        taken(die, b"", is_json=True, now=NOW)
    assert taken(say_who, b"", is_json=True, now=NOW).rejected not in {before, os.getpid()}


def test_without_another_process_a_batch_is_taken_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Apart, "pool", None)
    assert taken(say_who, b"", is_json=True, now=NOW).rejected == os.getpid()
