"""Insert or replace, on every database."""

from collections.abc import Sequence

from django.db import connection, models

_ROWS_PER_STATEMENT = 250  # keeps one with long texts under MariaDB's packet size


def rows_upsert(model: type[models.Model], rows: Sequence[models.Model], *, fields: Sequence[str]) -> None:
    """Insert or replace by primary key in one statement, also when another process inserts the same."""
    if not rows:
        return
    has_target = connection.features.supports_update_conflicts_with_target  # not MySQL's
    model._default_manager.bulk_create(
        rows,
        batch_size=_ROWS_PER_STATEMENT,
        update_conflicts=True,
        update_fields=fields,
        unique_fields=[model._meta.pk.name] if has_target and model._meta.pk else None,
    )
