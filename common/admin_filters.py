"""Filters for the admin's lists."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import make_aware
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.utils import parse_datetime_str


class MomentRangeFilter(RangeDateTimeFilter):
    """From a moment to another, in UTC; a time of day may be left out.

    The library's own filter compares with moments that know no time zone.
    """

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for side, comparison, time_of_day in (("from", "gte", "00:00:00"), ("to", "lte", "23:59:59")):
            date = self.used_parameters.get(f"{self.parameter_name}_{side}_0")
            time = self.used_parameters.get(f"{self.parameter_name}_{side}_1") or time_of_day
            moment = parse_datetime_str(f"{date} {time}")
            if moment is not None:
                queryset = queryset.filter(**{f"{self.parameter_name}__{comparison}": make_aware(moment)})
        return queryset
