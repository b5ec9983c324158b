"""Addresses below /sds/. The page of one SD is `checkpoints:view-sd`."""

from django.urls import URLPattern, path

from allocation.directives import views
from allocation.directives.page import Spend


def sd_urls(*, chance: views.Chance, spend: Spend) -> tuple[list[URLPattern], str]:
    """The addresses, for a list that asks `chance` how likely the week runs out, and `spend` what
    SDs burned."""
    return [
        path("", views.list_sds, {"chance": chance, "spend": spend}, name="list-sds"),
        path("new/", views.create, name="create-sd"),
        path("<slug:code>/edit/", views.edit, name="edit-sd"),
        path("<slug:code>/defer/", views.defer, name="defer-sd"),
        path("<slug:code>/resume/", views.resume, name="resume-sd"),
        path("<slug:code>/archive/", views.archive, name="archive-sd"),
        path("<slug:code>/restore/", views.restore, name="restore-sd"),
    ], "directives"
