#!/usr/bin/env python
"""Django's own command line; `budgetctl` is the product's."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "budgetctl.settings")
    from django.core.management import execute_from_command_line

    from allocation.rights.roles import Role, act_as

    act_as(Role.CHAIRMAN)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
