from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from common.models import ApiKey, Scope
from common.services import api_key_issue, api_key_revoke


class ApiKeyForm(forms.ModelForm[ApiKey]):
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What the service that holds this key may do. It cannot be changed later.",
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes")
        help_texts = {"name": "The service that will hold it, such as 'aggregator'."}


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    """Keys are issued and revoked here, and a key itself is shown once.

    Until it is shown it waits in a message to whoever issued it (in their cookie or session); what stays is
    its digest.
    """

    form = ApiKeyForm
    list_display = ("name", "prefix", "scope_words", "is_active", "created_at", "created_by", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "prefix")
    search_help_text = "Name, or the first characters of a key."
    actions = ("revoke",)
    readonly_fields = ("prefix", "created_at", "created_by", "revoked_at")

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return ("name", "scopes") if obj is None else ("name", "scope_words", *self.readonly_fields)

    @display(description="Scopes")
    def scope_words(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @display(description="Active", boolean=True)
    def is_active(self, key: ApiKey) -> bool:
        return key.revoked_at is None

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("common.change_apikey")

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        row, key = api_key_issue(name=obj.name, scopes=obj.scopes, created_by=_actor(request))
        obj.pk = row.pk
        self.message_user(
            request,
            f"The key of '{row.name}' is {key} . Copy it now: it cannot be shown again.",
            messages.WARNING,
        )

    @action(description="Revoke the selected keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        active = list(queryset.filter(revoked_at=None))
        for key in active:
            api_key_revoke(key=key)
            self.log_change(request, key, "Revoked.")
        self.message_user(
            request, f"Revoked: {len(active)}. They are refused everywhere within seconds.", messages.SUCCESS
        )


def _actor(request: HttpRequest) -> str:
    return f"staff:{request.user.get_username()}"
