"""The addresses of hooks and of the pages about Claude Code."""

from django.urls import path

from allocation.claude_code import views

app_name = "claude_code"
urlpatterns = [
    path("hooks/claude-code", views.receive_hook, name="receive-hook"),
    path("hooks/queued", views.receive_queue, name="receive-queue"),
    path("hooks/status-line", views.receive_status_line, name="receive-status-line"),
    path("hooks/state", views.read_state, name="read-state"),
]
