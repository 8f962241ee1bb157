from django.urls import path

import common.identifiers  # noqa: F401  registers the converter <opaque:..>
from recommendations import api

urlpatterns = [
    path("recommendations", api.RecommendationsView.as_view(), name="recommendations"),
    path("model/info", api.ModelInfoView.as_view(), name="model-info"),
    path("model/retrain", api.RetrainView.as_view(), name="model-retrain"),
    path("model/retrain/<int:run_id>", api.RetrainRunView.as_view(), name="model-retrain-run"),
    path("users/<opaque:user_id>", api.PersonView.as_view(), name="person"),
]
