from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget


class ReasonForm(forms.Form):
    """Why the champion is changed; kept in the history."""

    reason = forms.CharField(
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        help_text="One sentence for whoever asks later, such as: v13 shows Galway no comedy.",
        error_messages={"required": "Say why; it is kept in the history."},
    )
