from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

_BINARY_COLLATIONS = {"mysql": "utf8mb4_bin", "postgresql": "C"}


class IdentifierField(models.CharField[Any, Any]):
    """An opaque id of 1-255 characters, compared byte by byte on every database.

    MySQL's default collations hold 'A' and 'a' to be the same person; ours must not.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 255)
        super().__init__(*args, **kwargs)

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        parameters["collation"] = _BINARY_COLLATIONS.get(connection.vendor)
        return parameters
