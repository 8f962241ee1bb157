from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.paginator import InfinitePaginator

from common.admin_filters import MomentRangeFilter
from feedback.models import Feedback


@admin.register(Feedback)
class FeedbackAdmin(ModelAdmin):
    """History: to be read, never changed."""

    list_display = ("user_id", "action", "event_id", "occurred_at", "position", "recommendation_id")
    list_filter = (("action", ChoicesDropdownFilter), ("occurred_at", MomentRangeFilter))
    list_filter_submit = True
    # Exact, so that the search uses the indexes of a table with millions of rows.
    search_fields = ("user_id__exact", "event_id__exact")
    search_help_text = "The whole id of a person or of an event."
    # Neither the list nor its pages count the table.
    show_full_result_count = False
    paginator = InfinitePaginator
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Feedback | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Feedback | None = None) -> bool:
        return False
