"""Names that harnesses give to sub-agents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.names import normal_name


@pytest.mark.parametrize(
    "spelling",
    [
        "GITHUB-ENHANCED",
        "github-enhanced",
        "Github_Enhanced",
        "GitHub Enhanced",
        "  github \t enhanced\n",
        "--github__enhanced--",
        "github\N{NO-BREAK SPACE}enhanced",
    ],
)
def test_spellings_of_one_name_are_equal(spelling: str) -> None:
    assert normal_name(spelling) == "github-enhanced"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GITHUB", "GITHUB-ENHANCED"),
        ("GITHUBENHANCED", "GITHUB-ENHANCED"),
        ("SECURITY", "SECURITY2"),
        ("SECURITY", "SECUR-ITY"),
    ],
)
def test_different_names_stay_apart(one: str, other: str) -> None:
    assert normal_name(one) != normal_name(other)


@pytest.mark.parametrize("name", ["", " ", "-", "_ - _"])
def test_a_name_of_nothing_but_joints_is_empty(name: str) -> None:
    assert normal_name(name) == ""


@given(st.text())
def test_a_normal_name_is_its_own_normal_name(name: str) -> None:
    assert normal_name(normal_name(name)) == normal_name(name)


@given(st.text("abcXYZ089-_ "))
def test_case_and_joints_make_no_difference(name: str) -> None:
    assert normal_name(name.upper().replace("_", " ")) == normal_name(name.replace("-", "_"))
