"""The failures a caller can cause or meet. Services raise them; `error_responses` answers with them."""

from collections.abc import Mapping, Sequence

FieldErrors = Mapping[str, Sequence[str]]


class CraicError(Exception):
    """A failure with an answer: an HTTP status, a machine word and one sentence for a person."""

    status = 500
    code = "error"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: FieldErrors | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.errors = errors
        self.extra = extra or {}


class MalformedBody(CraicError):
    status, code = 400, "malformed"


class InvalidInput(CraicError):
    status, code = 400, "invalid"


class NotAuthenticated(CraicError):
    status, code = 401, "not_authenticated"


class NotAllowed(CraicError):
    status, code = 403, "not_allowed"


class NotFound(CraicError):
    status, code = 404, "not_found"


class Conflict(CraicError):
    status, code = 409, "conflict"


class TooLarge(CraicError):
    status, code = 413, "too_large"


class UnsupportedMediaType(CraicError):
    status, code = 415, "unsupported_media_type"


class Unprocessable(CraicError):
    status, code = 422, "unprocessable"


class Throttled(CraicError):
    status, code = 429, "throttled"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(CraicError):
    status, code = 503, "unavailable"

    def __init__(self, detail: str, *, retry_after: int = 2) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
