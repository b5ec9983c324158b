"""The addresses of checkpoints and of the page of one SD, below the root."""

from django.urls import path

from allocation.checkpoints import approval_views, sheet_views, views, withdrawal_views

app_name = "checkpoints"

urlpatterns = [
    path("sds/<slug:code>/", views.view_sd, name="view-sd"),
    path("sds/<slug:code>/start/", views.start_sd, name="start-sd"),
    path("sds/<slug:code>/approve/", approval_views.approve_sd, name="approve-sd"),
    path("sds/<slug:code>/stop/", approval_views.stop, name="stop-sd"),
    path("checkpoints/", views.list_checkpoints, name="list-checkpoints"),
    path("checkpoints/new/", views.log, name="log-checkpoint"),
    path("checkpoints/<int:pk>/correct/", views.correct, name="correct-checkpoint"),
    path("checkpoints/<int:pk>/withdraw/", withdrawal_views.withdraw, name="withdraw-checkpoint"),
    path("checkpoints/import/<int:pk>/undo/", withdrawal_views.undo, name="undo-import"),
    path("checkpoints/import/", sheet_views.upload, name="import-sheet"),
    path("checkpoints/import/confirm/", sheet_views.confirm, name="confirm-sheet"),
    path("checkpoints/export.csv", sheet_views.export, name="export-sheet"),
]
