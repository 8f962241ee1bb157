from django.urls import path

from feedback import api

urlpatterns = [
    path("feedback", api.FeedbackView.as_view(), name="feedback"),
]
