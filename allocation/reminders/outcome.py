"""What came of trying to send a message."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Self


class Result(Enum):
    """How it ended, as far as this side can know."""

    ARRIVED = "arrived"
    REFUSED = "refused"  # certainly not delivered: it may be tried again
    GIVEN_UP = "given up"  # certainly not delivered, and trying again would change nothing
    UNCERTAIN = "uncertain"  # handed over without an answer: trying again might send it twice


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result, and one sentence about it that holds no secret."""

    result: Result
    said: str

    @classmethod
    def arrived(cls, said: str) -> Self:
        """It was taken."""
        return cls(Result.ARRIVED, said)

    @classmethod
    def refused(cls, said: str) -> Self:
        """It was not taken this time."""
        return cls(Result.REFUSED, said)

    @classmethod
    def given_up(cls, said: str) -> Self:
        """It will not be taken as things are set."""
        return cls(Result.GIVEN_UP, said)

    @classmethod
    def uncertain(cls, said: str) -> Self:
        """Nobody knows."""
        return cls(Result.UNCERTAIN, said)


class Handover:
    """The moment from which a message may have arrived, shared by two threads.

    The one that sends calls `begin` right before it hands the message over, the one that waits
    `call_off` when its time is up. Whichever comes first decides, so that the message is either
    known not to have been sent or may have arrived.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._begun = self._called_off = False

    def begin(self) -> bool:
        """Whether the message may be handed over now; False if nobody waits for it any more."""
        with self._lock:
            self._begun = not self._called_off
            return self._begun

    def call_off(self) -> bool:
        """Whether it was stopped in time: it was not handed over, and will not be."""
        with self._lock:
            self._called_off = not self._begun
            return self._called_off


def within(seconds: float, work: Callable[[Handover], Outcome]) -> Outcome:
    """The outcome of `work`, done in a thread; if it takes longer it is called off.

    The thread is then left to itself. Looking up a name or talking to a mail server can take longer
    than the timeouts given to it, and nothing stops such a call from outside.
    """
    done: SimpleQueue[Outcome | Exception] = SimpleQueue()
    handover = Handover()

    def run() -> None:
        try:
            done.put(work(handover))
        except Exception as error:  # raised below, where it can be seen
            done.put(error)

    Thread(target=run, name="reminder", daemon=True).start()
    try:
        outcome = done.get(timeout=seconds)
    except Empty:
        if handover.call_off():
            return Outcome.refused("It took too long to get as far as sending it.")
        return Outcome.uncertain("It took too long to know whether it arrived.")
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
