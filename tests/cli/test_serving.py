import os
import signal

import pytest

from budgetctl.cli.serving import stopping_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_breaks_the_set_up_off(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), stopping_on_signals():
        os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_later_a_signal_only_says_that_it_is_time_to_stop(number: signal.Signals) -> None:
    with stopping_on_signals() as stopping:
        stopped = stopping.gently()
        assert not stopped.is_set()
        os.kill(os.getpid(), number)
        assert stopped.wait(timeout=60)


def test_afterwards_signals_do_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stopping_on_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
