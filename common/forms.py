"""What the admin's forms share: lists of words, and the API's own validation."""

from typing import Any, TypeVar

import pydantic
from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from common.error_responses import field_errors

S = TypeVar("S", bound=pydantic.BaseModel)


class LinesField(forms.CharField):
    """A list of words, edited one to a line, since a name may hold a comma."""

    widget = UnfoldAdminTextareaWidget

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget(attrs={"rows": 3}))
        kwargs["help_text"] = " ".join(filter(None, [kwargs.get("help_text"), "One to a line."]))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = value if isinstance(value, list) else str(value or "").splitlines()
        return [line.strip() for line in lines if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(initial) != self.to_python(data))


def shape_of_form(form: forms.BaseForm, shape: type[S], values: dict[str, Any]) -> S | None:
    """`values` as `shape`, the same checks as over HTTP; what is wrong becomes the form's errors."""
    try:
        return shape.model_validate(values)
    except pydantic.ValidationError as error:
        for field, messages in field_errors(error).items():
            name = field.split(".")[0]
            if name not in form.errors:  # the form's own finding says it already
                form.add_error(name if name in form.fields else None, messages)
    return None
