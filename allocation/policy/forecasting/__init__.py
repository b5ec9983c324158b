"""Forecasts of a budget week: the total at reset, how unsure it is, and when the limit is reached.

Rule 9 beyond the plain burn rate. Standard library only, and pure: history in, distribution out.
Statistics run on floats inside; what comes out is whole budget tokens and aware UTC datetimes.

Start at `forecast.py`; `methods.py` says what a method is and `chooser.py` which one speaks.
"""

from allocation.policy.forecasting.backtest import (
    CHOOSER,
    ORIGINS,
    Backtest,
    Case,
    Series,
    Tested,
    backtest,
)
from allocation.policy.forecasting.chooser import METHODS
from allocation.policy.forecasting.contract import (
    QUANTILE_LEVELS,
    Exhaustion,
    Forecast,
    ForecastInputs,
    Interval,
    Outlook,
)
from allocation.policy.forecasting.figures import Figures, figures, summary
from allocation.policy.forecasting.forecast import forecast
from allocation.policy.forecasting.read_csv import CsvSeries, CsvUse, read_csv
from allocation.policy.forecasting.scores import (
    absolute_percentage_error,
    bias,
    crps,
    exhausted_at,
    exhaustion_error,
    weighted_error,
)
from allocation.policy.forecasting.series import HourlyTokens, seen_weeks, whole_weeks

__all__ = [
    "CHOOSER",
    "METHODS",
    "ORIGINS",
    "QUANTILE_LEVELS",
    "Backtest",
    "Case",
    "CsvSeries",
    "CsvUse",
    "Exhaustion",
    "Figures",
    "Forecast",
    "ForecastInputs",
    "HourlyTokens",
    "Interval",
    "Outlook",
    "Series",
    "Tested",
    "absolute_percentage_error",
    "backtest",
    "bias",
    "crps",
    "exhausted_at",
    "exhaustion_error",
    "figures",
    "forecast",
    "read_csv",
    "seen_weeks",
    "summary",
    "weighted_error",
    "whole_weeks",
]
