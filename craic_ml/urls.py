"""Every address of the service, by name."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from craic_ml import health
from recommendations.admin import retrain_now

urlpatterns = [
    path("health", health.health, name="health"),
    path("ready", health.ready, name="ready"),
    path("metrics", health.metrics, name="metrics"),
    path("v1/", include("feedback.urls")),
    path("v1/", include("catalogue.urls")),
    path("v1/", include("experiments.urls")),
    path("v1/", include("recommendations.urls")),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/retrain", admin.site.admin_view(retrain_now), name="admin-retrain"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]

handler400 = "common.error_responses.bad_request"
handler403 = "common.error_responses.permission_denied"
handler404 = "common.error_responses.page_not_found"
handler500 = "common.error_responses.server_error"
