"""HTTP in, HTTP out: events and taste profiles."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalogue import services
from catalogue.bulk_events import bulk_events_read
from catalogue.models import Event, TasteProfile
from catalogue.schemas import BulkEventsIn, BulkEventsOut, EventIn, EventOut, TasteIn, TasteOut
from common import errors
from common.authentication import caller_of
from common.identifiers import path_identifier, raw_path
from common.models import Scope
from common.shapes import ErrorShape

_REFUSED = {400: ErrorShape, 401: ErrorShape, 403: ErrorShape}


class EventView(APIView):
    @extend_schema(responses={200: EventOut, 404: ErrorShape} | _REFUSED, summary="One event")
    def get(self, request: Request, event_id: str) -> Response:
        event_id = _event_id(request, event_id)
        event = Event.objects.live().filter(pk=event_id).first()
        if event is None:
            raise errors.NotFound(f"There is no event '{event_id}'.")
        return Response(EventOut.of(event))

    @extend_schema(
        request=EventIn,
        responses={200: EventOut, 201: EventOut} | _REFUSED,
        summary="Create or replace an event",
    )
    def put(self, request: Request, event_id: str) -> Response:
        """201 when it was not in the catalogue before. Recommendable everywhere within seconds."""
        event_id = _event_id(request, event_id)
        event = EventIn.model_validate(request.data)
        row, created = services.event_put(event_id=event_id, event=event, now=timezone.now())
        return Response(EventOut.of(row), status=201 if created else 200)

    @extend_schema(responses={204: None, 404: ErrorShape} | _REFUSED, summary="Withdraw an event")
    def delete(self, request: Request, event_id: str) -> Response:
        """It is never recommended again; what people did with it still teaches."""
        services.event_delete(event_id=_event_id(request, event_id), now=timezone.now())
        return Response(status=204)


class BulkEventsView(APIView):
    @extend_schema(
        request=BulkEventsIn,
        responses={200: BulkEventsOut, 413: ErrorShape} | _REFUSED,
        summary="Create or replace up to 1,000 events",
    )
    def post(self, request: Request) -> Response:
        """All or nothing: with one bad row nothing is stored, and every bad row is named."""
        caller_of(request).require(Scope.CATALOGUE)
        counts = services.events_upsert(events=bulk_events_read(request.data), now=timezone.now())
        return Response(
            BulkEventsOut(created=counts.created, updated=counts.updated, unchanged=counts.unchanged)
        )


class TasteView(APIView):
    @extend_schema(responses={200: TasteOut, 404: ErrorShape} | _REFUSED, summary="What a person likes")
    def get(self, request: Request, user_id: str) -> Response:
        user_id = _user_id(request, user_id)
        taste = TasteProfile.objects.of_person(user_id)
        if taste is None:
            raise errors.NotFound(f"There is no taste profile of '{user_id}'.")
        return Response(TasteOut.of(taste))

    @extend_schema(
        request=TasteIn,
        responses={200: TasteOut, 201: TasteOut} | _REFUSED,
        summary="Store what a person likes",
    )
    def put(self, request: Request, user_id: str) -> Response:
        """Replaces the profile; what a music service said stays unless it is sent too."""
        user_id = _user_id(request, user_id)
        taste = TasteIn.model_validate(request.data)
        row, created = services.taste_put(user_id=user_id, taste=taste, now=timezone.now())
        return Response(TasteOut.of(row), status=201 if created else 200)

    @extend_schema(responses={204: None, 404: ErrorShape} | _REFUSED, summary="Forget what a person likes")
    def delete(self, request: Request, user_id: str) -> Response:
        caller_of(request).require_credentials()
        services.taste_delete(user_id=_user_id(request, user_id))
        return Response(status=204)


def _event_id(request: Request, event_id: str) -> str:
    caller_of(request).require(Scope.CATALOGUE)
    return path_identifier(request._request, name="event_id", value=event_id)


def _user_id(request: Request, user_id: str) -> str:
    caller = caller_of(request)
    caller.require(Scope.RECOMMEND)
    if raw_path(request._request).lower().endswith("%2ftaste"):
        # Decoded, the person 'x/taste' looks like the taste of 'x': do not touch somebody else's.
        raise errors.NotFound("There is nothing at this address.")
    return caller.acting_for(path_identifier(request._request, name="user_id", value=user_id))
