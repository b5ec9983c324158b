"""The addresses of hooks and of the pages about Claude Code."""

from django.urls import path

from allocation.claude_code import calibration_views, page_views, views

app_name = "claude_code"
urlpatterns = [
    # First, as they are waited for.
    path("hooks/claude-code", views.receive_hook, name="receive-hook"),
    path("hooks/queued", views.receive_queue, name="receive-queue"),
    path("hooks/status-line", views.receive_status_line, name="receive-status-line"),
    path("hooks/state", views.read_state, name="read-state"),
    path("hooks/health", views.read_health, name="read-health"),
    path("connect/", page_views.connect, name="connect"),
    path("calibration/", calibration_views.calibrate, name="calibrate"),
    path("calibration/apply/", calibration_views.apply, name="apply-calibration"),
    path("mismatches/", page_views.list_mismatches, name="list-mismatches"),
]
