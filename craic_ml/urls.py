"""Every address of the service, by name."""

from django.contrib import admin
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]

handler400 = "common.error_responses.bad_request"
handler403 = "common.error_responses.permission_denied"
handler404 = "common.error_responses.page_not_found"
handler500 = "common.error_responses.server_error"
