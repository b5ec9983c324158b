"""The addresses of the audit trail of decisions."""

from django.urls import path, re_path

from allocation.decisions import views

app_name = "decisions"
urlpatterns = [
    path("", views.list_decisions, name="list-decisions"),
    re_path(r"^export\.(?P<suffix>csv|json)$", views.export_decisions, name="export-decisions"),
    path("<int:pk>/", views.explain_decision, name="explain-decision"),
]
