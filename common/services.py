"""Writes on API keys."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from common import errors
from common.api_keys import key_forget
from common.models import ApiKey, Scope


@transaction.atomic
def api_key_issue(*, name: str, scopes: Sequence[str], created_by: str) -> tuple[ApiKey, str]:
    """Store a new key's hash; return the row and the key, which nobody can read again."""
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown or not scopes:
        raise errors.InvalidInput(
            "Give the key at least one known scope.", errors={"scopes": [f"Choose from {Scope.values}."]}
        )
    key = ApiKey.generate()
    row = ApiKey.objects.create(
        name=name,
        prefix=key[:12],
        digest_sha256=ApiKey.digest(key),
        scopes=sorted(set(scopes)),
        created_by=created_by,
    )
    return row, key


@transaction.atomic
def api_key_revoke(*, key: ApiKey) -> None:
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
    transaction.on_commit(lambda: key_forget(key.digest_sha256))
