"""The form that asks for a person, and where their request comes from."""

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from experiments.definitions import Visitor
from feedback.models import Feedback


class PersonForm(forms.Form):
    user_id = forms.CharField(
        label="User id", max_length=255, widget=UnfoldAdminTextInputWidget, help_text="The whole id."
    )
    city = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="The city the list is asked for. May stay empty.",
    )
    surface = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="The place in the app that asks. May stay empty.",
    )

    def visitor(self) -> Visitor:
        asked = self.cleaned_data
        has_done_something = Feedback.objects.filter(user_id=asked["user_id"]).exists()
        return Visitor(asked["user_id"], asked["city"], asked["surface"], is_new=not has_done_something)
