"""Template filters over `allocation.display.format`."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from allocation.display import format as fmt

register = template.Library()


@register.filter
def tokens(value: fmt.Number | None) -> str:
    """140,000; an en dash for None."""
    return "–" if value is None else fmt.tokens(value)


@register.filter
def short(value: fmt.Number) -> str:
    """140k."""
    return fmt.short(value)


@register.filter
def to(low: fmt.Number, high: fmt.Number) -> str:
    """The range of an estimate in tokens: 1,200–2,400."""
    return fmt.estimate_range(low, high)


@register.filter
def percent(share: fmt.Number | None) -> str:
    """72% for a share of 0.72; an en dash for None."""
    return "–" if share is None else fmt.percent(share)


@register.filter
def usd(value: Decimal | None) -> str:
    """$1.25; `unknown` for None."""
    return fmt.usd(value)


@register.filter
def duration(span: timedelta) -> str:
    """2 d 18 h."""
    return fmt.duration(span)


@register.filter
def when(at: datetime | None) -> str:
    """A moment on the owner's clock inside a `<time>` element; an en dash for None."""
    return "–" if at is None else _time(at, fmt.moment(at, timezone.get_current_timezone()))


@register.filter
def soon(at: datetime | None) -> str:
    """A near moment, weekday and time, inside a `<time>` element; an en dash for None."""
    return "–" if at is None else _time(at, fmt.soon(at, timezone.get_current_timezone()))


@register.simple_tag
def options(choices: Iterable[tuple[str, str]], chosen: str) -> str:
    """The options of a `<select>`, each a value and what it is called, with the chosen one
    selected. A loop in the template takes five times as long."""
    marks = {True: " selected", False: ""}
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, marks[value == chosen], label) for value, label in choices),
    )


def _time(at: datetime, text: str) -> str:
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), text)
