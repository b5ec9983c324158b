"""The figures of a backtest, by method, origin and series."""

from collections.abc import Callable, Sequence

from allocation.policy.forecasting.backtest import Backtest, Case
from allocation.policy.forecasting.linear import LINEAR
from allocation.policy.forecasting.scores import (
    bias,
    crps,
    exhaustion_error,
    middle_and_mean,
    weighted_error,
)

Figures = dict[str, float | int | None]


def figures(cases: Sequence[Case]) -> Figures:
    """The scores of some cases of one method. Errors, widths and CRPS are shares of the total.

    `mdape` and `mape` are the median and mean absolute percentage error, `width50` and `width80`
    the median width of the ranges. Exhaustion is scored in hours, wherever the limit was not used
    up already. None where there is nothing to score.
    """
    points, totals = [case.said.point for case in cases], [case.total for case in cases]
    errors = [abs(p - t) / t for p, t in zip(points, totals, strict=True)]
    mdape, mape = middle_and_mean(errors)
    ranges = [(case.said.interval50, case.said.interval80, case.total) for case in cases]
    late = [
        exhaustion_error(case.said.exhaustion.median, case.exhausted, case.week.end)
        for case in cases
        if case.exhausted is None or case.exhausted > case.made_at
    ]
    return {
        "n": len(cases),
        "mdape": mdape,
        "mape": mape,
        "wape": weighted_error(points, totals),
        "bias": bias(points, totals),
        "coverage50": middle_and_mean([float(t in narrow) for narrow, _, t in ranges])[1],
        "coverage80": middle_and_mean([float(t in wide) for _, wide, t in ranges])[1],
        "width50": middle_and_mean([(n.high - n.low) / t for n, _, t in ranges])[0],
        "width80": middle_and_mean([(w.high - w.low) / t for _, w, t in ranges])[0],
        "crps": middle_and_mean([crps(c.said.quantiles, c.total) / c.total for c in cases])[1],
        "zone_accuracy": middle_and_mean([float(c.said_zone == c.zone) for c in cases])[1],
        "exhaustion_mae_h": middle_and_mean(late)[1],
    }


def summary(result: Backtest) -> dict[str, dict[str, dict[str, Figures | dict[str, Figures]]]]:
    """{"methods": {NAME: {"overall": figures, "by_origin": {"24": figures}, "by_series": ...}}}.

    Overall and by origin and series, `mdape_to_linear` and `mape_to_linear` are the ratios to
    linear's figures on the same cases.
    """
    by_method: dict[str, list[Case]] = {}
    for case in result.cases:
        by_method.setdefault(case.method, []).append(case)
    baseline = by_method.get(LINEAR.name, [])
    return {
        "methods": {
            name: {
                "overall": _compared(cases, baseline),
                "by_origin": _grouped(cases, baseline, lambda case: str(case.origin)),
                "by_series": _grouped(cases, baseline, lambda case: case.series),
            }
            for name, cases in by_method.items()
        }
    }


def _grouped(
    cases: Sequence[Case], baseline: Sequence[Case], key: Callable[[Case], str]
) -> dict[str, Figures]:
    keys = dict.fromkeys(key(case) for case in cases)
    return {
        name: _compared(
            [case for case in cases if key(case) == name],
            [case for case in baseline if key(case) == name],
        )
        for name in keys
    }


def _compared(cases: Sequence[Case], baseline: Sequence[Case]) -> Figures:
    own, linear = figures(cases), figures(baseline)
    return own | {
        f"{name}_to_linear": _ratio(own[name], linear[name])
        for name in ("mdape", "mape", "exhaustion_mae_h")
    }


def _ratio(own: float | None, linear: float | None) -> float | None:
    return own / linear if own is not None and linear else None
