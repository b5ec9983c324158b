"""The address of the forecast-accuracy page."""

from django.urls import path

from allocation.forecasts import views

app_name = "forecasts"
urlpatterns = [path("", views.view_forecasts, name="view-forecasts")]
