import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import OperationalError

from allocation.api import apart
from allocation.api.apart import MOST_UNDER_WAY, _Apart, taken, telemetry_apart
from allocation.api.otlp_body import MalformedBody
from allocation.api.telemetry import Accepted
from allocation.rights.roles import Role, acting_as, current
from tests.api.conftest import Agent
from tests.factories import NOW


def say_who(body: bytes, is_json: bool, now: datetime) -> Accepted:
    return Accepted(os.getpid(), (current(), f"{body!r} {is_json} {now}"))


def refuse(body: bytes, is_json: bool, now: datetime) -> Accepted:
    raise MalformedBody("No batch.")


def stop(body: bytes, is_json: bool, now: datetime) -> Accepted:
    """As one that hangs: nothing but -9 ends it."""
    os.kill(os.getpid(), signal.SIGSTOP)
    return Accepted()


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


def test_a_process_that_is_stuck_is_ended_and_the_next_has_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = taken(say_who, b"", is_json=True, now=NOW).rejected
    monkeypatch.setattr(apart, "STUCK_SECONDS", 0.5)
    with pytest.raises(OperationalError, match="has ended"):
        taken(stop, b"", is_json=True, now=NOW)
    monkeypatch.undo()
    assert taken(say_who, b"", is_json=True, now=NOW).rejected not in {before, os.getpid()}


def test_beyond_a_number_of_batches_under_way_the_next_is_to_be_sent_again(
    agent: Agent,
) -> None:
    with ThreadPoolExecutor(MOST_UNDER_WAY) as pool:
        under_way = [
            pool.submit(taken, stop, b"", is_json=True, now=NOW) for _ in range(MOST_UNDER_WAY)
        ]
        try:
            while _Apart.room.acquire(blocking=False):
                _Apart.room.release()
                time.sleep(0.01)
            for signal_ in ("logs", "metrics"):
                response = agent.otlp(signal_, b"{}")
                assert response.status_code == 503
                assert response["Retry-After"] == "5"
                assert "send it again" in response.json()["message"]
        finally:
            # One that was on its way when the process was ended makes another one stop.
            while not all(one.done() for one in under_way):
                for process in multiprocessing.active_children():
                    process.kill()
                time.sleep(0.01)
    assert all(isinstance(one.exception(), OperationalError) for one in under_way)
    assert taken(say_who, b"", is_json=True, now=NOW).rejected != os.getpid()


def test_without_another_process_a_batch_is_taken_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Apart, "pool", None)
    assert taken(say_who, b"", is_json=True, now=NOW).rejected == os.getpid()
