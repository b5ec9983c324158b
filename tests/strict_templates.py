"""Notices templates that read an attribute which does not exist.

Django prints nothing for a name that it cannot find. So if an attribute that only a template reads
is renamed or dropped, the page shows a gap and no test fails. Here every such look-up on one of our
own objects is collected, and `asked_in_vain` (conftest.py) fails the test.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.template.base import Variable, VariableDoesNotExist
from django.template.context import BaseContext

OURS = ("allocation.", "budgetctl.")


@contextmanager
def missing_attributes() -> Iterator[list[str]]:
    """What templates ask in vain for from here on: `WeekPage.unti`."""
    missing: list[str] = []
    look_up = Variable._resolve_lookup  # type: ignore[attr-defined]  # not in the stubs

    def look_up_and_note(self: Variable, context: BaseContext) -> object:
        try:
            return look_up(self, context)
        except VariableDoesNotExist as error:
            name, asked = error.params[0], type(error.params[-1])
            if asked.__module__.startswith(OURS):
                missing.append(f"{asked.__name__}.{name}")
            raise

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Variable, "_resolve_lookup", look_up_and_note)
        yield missing
