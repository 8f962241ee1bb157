import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from common.models import ApiKey

pytestmark = pytest.mark.django_db

LIST, ADD = "admin:common_apikey_changelist", "admin:common_apikey_add"


def issue(staff: Client, **fields: Any) -> Any:
    values = {"name": "aggregator", "scopes": ["recommend", "feedback"]} | fields
    return staff.post(reverse(ADD), values, follow=True)


def key_shown(response: Any) -> str:
    found = re.search(r"craic_[\w-]{43}", response.content.decode())
    assert found
    return found[0]


def revoke(client: Client, *keys: ApiKey) -> Any:
    body = {"action": "revoke", "_selected_action": [key.pk for key in keys]}
    return client.post(reverse(LIST), body, follow=True)


def test_it_shows_a_new_key_once(admin_client: Client, settings: Any) -> None:
    settings.API_AUTH = "required"
    assert b'type="checkbox"' in admin_client.get(reverse(ADD)).content
    key = key_shown(issue(admin_client))
    row = ApiKey.objects.get()
    assert (row.name, row.scopes, row.created_by) == ("aggregator", ["feedback", "recommend"], "staff:admin")
    caller = Client(headers={"Authorization": f"Api-Key {key}"})
    assert caller.get("/v1/users/1/taste").status_code == 404  # let in; there is no such profile
    for place in (reverse(LIST), reverse("admin:common_apikey_change", args=[row.pk])):
        response = admin_client.get(place)
        assert response.status_code == 200
        assert key not in response.content.decode()
    assert all(key not in f"{entry} {entry.change_message}" for entry in LogEntry.objects.all())


@pytest.mark.parametrize(
    "fields", [{"scopes": []}, {"scopes": ["everything"]}, {"name": ""}, {"name": "taken"}]
)
def test_it_issues_no_key_on_a_mistake(admin_client: Client, fields: dict[str, Any]) -> None:
    issue(admin_client, name="taken")
    issue(admin_client, **fields)
    assert ApiKey.objects.count() == 1


def test_it_revokes_keys_and_says_so_in_the_log(admin_client: Client) -> None:
    issue(admin_client)
    row = ApiKey.objects.get()
    assert "Revoked: 1" in revoke(admin_client, row).content.decode()
    row.refresh_from_db()
    first = row.revoked_at
    assert first is not None
    assert LogEntry.objects.filter(change_message__contains="Revoked").count() == 1
    assert "Revoked: 0" in revoke(admin_client, row).content.decode()
    row.refresh_from_db()
    assert row.revoked_at == first


def test_it_edits_and_deletes_no_key(admin_client: Client) -> None:
    issue(admin_client)
    row = ApiKey.objects.get()
    change = admin_client.post(reverse("admin:common_apikey_change", args=[row.pk]), {"name": "x"})
    delete = admin_client.post(reverse("admin:common_apikey_delete", args=[row.pk]), {"post": "yes"})
    assert (change.status_code, delete.status_code) == (403, 403)
    assert ApiKey.objects.get().name == "aggregator"


def test_who_may_only_look_cannot_revoke(admin_client: Client) -> None:
    issue(admin_client)
    viewer = get_user_model().objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    client = Client()
    client.force_login(viewer)
    revoke(client, ApiKey.objects.get())
    assert ApiKey.objects.get().revoked_at is None
