"""The addresses of reminders."""

from django.urls import path

from allocation.reminders import views

app_name = "reminders"

urlpatterns = [
    path("", views.list_reminders, name="list-reminders"),
    path("<int:pk>/dismiss/", views.dismiss, name="dismiss-reminder"),
    path("<int:pk>/restore/", views.restore, name="restore-reminder"),
    path("messages/<uuid:pk>/send/", views.send_again, name="send-message"),
    path("settings/", views.change_settings, name="change-settings"),
    path("settings/secret/", views.renew_secret, name="renew-secret"),
    path("settings/test/", views.send_test, name="send-test"),
]
