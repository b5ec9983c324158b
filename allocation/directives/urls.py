"""Addresses below /sds/. The page of one SD is `checkpoints:view-sd`."""

from django.urls import path

from allocation.directives import views

app_name = "directives"

urlpatterns = [
    path("", views.list_sds, name="list-sds"),
    path("new/", views.create, name="create-sd"),
    path("<slug:code>/edit/", views.edit, name="edit-sd"),
    path("<slug:code>/defer/", views.defer, name="defer-sd"),
    path("<slug:code>/resume/", views.resume, name="resume-sd"),
    path("<slug:code>/archive/", views.archive, name="archive-sd"),
]
