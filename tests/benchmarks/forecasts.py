"""How long forecasts take: python -m tests.benchmarks.forecasts [rounds].

Prints the processor's milliseconds for one live forecast after 40 weeks of hours, and its seconds
for a backtest of 30 weeks at every origin by every method. In process, on made-up weeks.
"""

import statistics
import sys
from collections.abc import Callable
from time import process_time

from allocation.policy.forecasting import METHODS, ORIGINS, Series, backtest, forecast
from tests.policy.forecasting.made import hours_of, inputs_at, weeks_of

LIVE_WEEKS, BACKTEST_WEEKS = 40, 30


def busy(work: Callable[[], object]) -> float:
    """Seconds of the processor."""
    start = process_time()
    work()
    return process_time() - start


def main(rounds: int) -> None:
    inputs = inputs_at(hours_of("office hours", LIVE_WEEKS + 0.5), LIVE_WEEKS, 84)
    took = sorted(1000 * busy(lambda: forecast(inputs)) for _ in range(rounds))
    print(
        f"one forecast after {LIVE_WEEKS} weeks: least {took[0]:.1f} ms, "
        f"median {statistics.median(took):.1f} ms, most {took[-1]:.1f} ms"
    )
    hours, weeks = hours_of("office hours", BACKTEST_WEEKS), weeks_of(BACKTEST_WEEKS)
    made = Series("office hours", hours, weeks)
    seconds = busy(lambda: backtest([made], methods=[*METHODS]))
    print(
        f"backtest of {BACKTEST_WEEKS} weeks, {len(ORIGINS)} origins, {len(METHODS)} methods: "
        f"{seconds:.2f} s"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 50)
