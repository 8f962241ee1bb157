from django.urls import path

import common.identifiers  # noqa: F401  registers the opaque converter
from catalogue import api

urlpatterns = [
    path("events/bulk", api.BulkEventsView.as_view(), name="events-bulk"),
    path("events/<opaque:event_id>", api.EventView.as_view(), name="event"),
    path("users/<opaque:user_id>/taste", api.TasteView.as_view(), name="taste"),
]
