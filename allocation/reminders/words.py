"""Reminders in words: what stands on the page and in every message, and what to do about it."""

from dataclasses import dataclass

from django.urls import reverse

from allocation.display import format as fmt
from allocation.policy.reminders import Due, ReminderKind
from allocation.reminders.models import Reminder
from allocation.usage.standing import Standing
from allocation.usage.words import unit_of

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Words:
    """A reminder as it is read. Moments in it are absolute, so that it stays true as it stands."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Action:
    """What to do about a reminder: the words of its link, and where that leads."""

    label: str
    url: str


def in_words(due: Due, standing: Standing) -> Words:
    """A reminder that is due, with moments on the owner's clock."""
    return _WORDS[due.kind](due, standing)


def _quiet(due: Due, standing: Standing) -> Words:
    assert due.at is not None
    return Words(
        f"{due.subject} is quiet",
        f"{due.subject} is in progress, and nothing was logged or counted for it since "
        f"{fmt.moment(due.at, standing.clock)}.",
    )


def _unlogged(due: Due, standing: Standing) -> Words:
    assert due.at is not None
    names = [f"{work.sd} ({work.phase})" for work in due.phases]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    many = f"{len(names)} phases are" if len(names) > 1 else "1 phase is"
    return Words(
        f"{many} not logged",
        f"The week closes {fmt.moment(due.at, standing.clock)}, and {many} not logged: "
        f"{', '.join(names[:MOST_NAMED])}{more}.",
    )


def _zone(due: Due, standing: Standing) -> Words:
    assert due.zone is not None
    used = f"{fmt.reached(standing.share)} of the week’s {unit_of(standing)} used"
    amount, word = (standing.over, "over") if standing.over else (standing.remaining, "left")
    return Words(
        f"The week is in {due.zone.capitalize()}",
        f"The week is in {due.zone.capitalize()}: {used}, {_written(amount, standing)} {word}.",
    )


def _exhaustion(due: Due, standing: Standing) -> Words:
    reset = fmt.moment(standing.window.end, standing.clock)
    if due.at is None:
        return Words(
            "The week’s budget is used up",
            f"The week’s budget is used up, and the reset is {reset}.",
        )
    return Words(
        "The week runs out soon",
        f"The forecast has the week run out {fmt.soon(due.at, standing.clock)}, "
        f"{fmt.duration(standing.window.end - due.at)} before the reset ({reset}).",
    )


_WORDS = {
    ReminderKind.QUIET_SD: _quiet,
    ReminderKind.UNLOGGED: _unlogged,
    ReminderKind.ZONE: _zone,
    ReminderKind.EXHAUSTION: _exhaustion,
}


def action_of(reminder: Reminder) -> Action:
    """What to do about a reminder. Asks for no row beside its own and its SD's."""
    if reminder.kind == ReminderKind.QUIET_SD and reminder.sd is not None:
        return Action("Show SD", reverse("checkpoints:view-sd", args=[reminder.sd.code]))
    label, name = _ACTIONS.get(reminder.kind, ("Show week", "dashboard:week"))
    return Action(label, reverse(name))


_ACTIONS = {
    ReminderKind.UNLOGGED.value: ("Log checkpoint", "checkpoints:log-checkpoint"),
    ReminderKind.ZONE.value: ("Show deferral queue", "steering:list-deferrals"),
    ReminderKind.EXHAUSTION.value: ("Show forecast", "forecasts:view-forecasts"),
}


def _written(amount: fmt.Number, standing: Standing) -> str:
    return fmt.amount(amount, in_dollars=standing.meter.in_dollars)
