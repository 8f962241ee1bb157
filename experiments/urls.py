from django.urls import path

from experiments import api

urlpatterns = [
    path("experiments", api.ExperimentsView.as_view(), name="experiments"),
    path("experiments/<str:experiment_id>/results", api.ExperimentResultsView.as_view(), name="results"),
]
