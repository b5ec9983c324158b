"""The model in a sub-agent's definition: the second line, and nothing else changed."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.budgets.operations import switch
from allocation.claude_code.front_matter import read_definition, tier_of
from allocation.claude_code.tiers import current_tiers
from tests.factories import BudgetWeekFactory, StrategicDirectiveFactory, UsageHourFactory


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"---\nname: a\n---\nx", b"---\nname: a\nmodel: haiku\n---\nx"),
        (b"---\nname: a\nmodel: opus\n---\nx\n", b"---\nname: a\nmodel: haiku\n---\nx\n"),
        (b"---\nmodel: opus\nname: a\n---\n", b"---\nname: a\nmodel: haiku\n---\n"),
        (
            b"---\nname: a\ntools: Read\nmodel: opus\ncolor: red\n---\nmodel: mine\n",
            b"---\nname: a\nmodel: haiku\ntools: Read\ncolor: red\n---\nmodel: mine\n",
        ),
        (b"---\r\nname: a\r\nmodel: x\r\n---\r\nb", b"---\r\nname: a\r\nmodel: haiku\r\n---\r\nb"),
        (b"\xef\xbb\xbf---\nname: a\n---\n", b"\xef\xbb\xbf---\nname: a\nmodel: haiku\n---\n"),
        (b"---\nname: 'a b'\n\n---\n\xff\xfe", b"---\nname: 'a b'\nmodel: haiku\n\n---\n\xff\xfe"),
    ],
)
def test_the_model_becomes_the_second_line(before: bytes, after: bytes) -> None:
    definition = read_definition(before)
    assert definition
    assert definition.with_model("haiku") == after
    again = read_definition(after)
    assert again
    assert again.with_model("haiku") == after


@pytest.mark.parametrize(
    "model",
    [
        b"model: >-\n  opus\n\n  more\n",
        b"model:\n  - opus\n  - haiku\n",
        b"model:\n- opus\n",
        b'model: "opus\n  more"\n',
        b"'model': opus\n",
    ],
)
def test_a_model_of_several_lines_goes_with_all_of_them(model: bytes) -> None:
    # What stayed of it would be read as more of the name.
    definition = read_definition(b"---\nname: a\n" + model + b"color: red\n---\nx")
    assert definition
    assert definition.with_model("haiku") == b"---\nname: a\nmodel: haiku\ncolor: red\n---\nx"


@pytest.mark.parametrize(
    "first",
    [
        b"description: >\n  Long\n\n  text\n",
        b"description: |\r\n  Long\r\n  text\r\n",
        b"tools:\n- Read\n- Grep\n",
        b"description: Long\n  text\n",
    ],
)
def test_a_first_value_of_several_lines_stays_whole(first: bytes) -> None:
    newline = b"\r\n" if b"\r" in first else b"\n"
    name = newline + b"name: a" + newline + b"---" + newline
    definition = read_definition(b"---" + newline + first + name[len(newline) :])
    assert definition
    said = b"model: haiku" + newline
    expected = b"---" + newline + first + said + name[len(newline) :]
    assert definition.with_model("haiku") == expected
    again = read_definition(expected)
    assert again
    assert again.with_model("haiku") == expected


@pytest.mark.parametrize(
    "raw",
    [
        b"---\nname: |\n  a\n---\n",
        b"",
        b"Just text",
        b"---\nname: a\n",
        b"---\ndescription: x\n---\n",
        b"\n---\nname: a\n---\n",
    ],
)
def test_a_file_without_front_matter_or_name_is_none(raw: bytes) -> None:
    assert read_definition(raw) is None


@pytest.mark.parametrize(
    ("line", "name"),
    [(b"name: docmon", "docmon"), (b'name: "a b"  # x', "a b"), (b"name:docmon ", "docmon")],
)
def test_the_name_is_what_it_goes_by(line: bytes, name: str) -> None:
    definition = read_definition(b"---\n" + line + b"\n---\n")
    assert definition
    assert definition.name == name


@given(st.binary(max_size=60), st.sampled_from([b"\n", b"\r\n"]))
def test_the_text_below_is_never_touched(text: bytes, newline: bytes) -> None:
    head = newline.join([b"---", b"name: a", b"model: opus", b"---", b""])
    definition = read_definition(head + text)
    assert definition
    changed = definition.with_model("haiku")
    assert changed == head.replace(b"opus", b"haiku") + text


@pytest.mark.django_db
def test_the_tiers_are_those_of_the_zone_and_the_sd(now: datetime) -> None:
    BudgetWeekFactory()
    UsageHourFactory(hour=now.replace(minute=0), input=490_000, model="claude-sonnet-4-5")
    StrategicDirectiveFactory(phase="PLAN", complexity=5)
    known = current_tiers(now=now)
    assert known
    assert {
        name: tier_of(name, known) for name in ("docmon", "database", "Security", "made-up")
    } == {
        "docmon": "haiku",
        "database": "sonnet",
        "Security": "opus",  # it would be deferred: a definition cannot, so it gets its floor
        "made-up": "haiku",
    }
    switch(enabled=False, actor="chairman", now=now)
    assert current_tiers(now=now) is None
