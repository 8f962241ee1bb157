"""The OpenAPI schema is generated from the code and names every endpoint."""

import warnings
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

ENDPOINTS = {
    ("/v1/recommendations", "post"),
    ("/v1/feedback", "post"),
    ("/v1/model/info", "get"),
    ("/v1/model/retrain", "post"),
    ("/v1/model/retrain/{run_id}", "get"),
    ("/v1/experiments", "get"),
    ("/v1/experiments/{experiment_id}/results", "get"),
    ("/v1/events/{event_id}", "put"),
    ("/v1/events/{event_id}", "delete"),
    ("/v1/events/bulk", "post"),
    ("/v1/users/{user_id}/taste", "put"),
    ("/v1/users/{user_id}", "get"),
    ("/v1/users/{user_id}", "delete"),
}


def schema() -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found: dict[str, Any] = SchemaGenerator().get_schema(  # type: ignore[no-untyped-call]
            request=None, public=True
        )
    return found


def test_it_is_valid_openapi_3() -> None:
    validate_schema(schema())  # type: ignore[no-untyped-call]


def test_it_names_every_endpoint() -> None:
    found = {(path, method) for path, methods in schema()["paths"].items() for method in methods}
    assert found >= ENDPOINTS


@pytest.mark.parametrize("endpoint", sorted(ENDPOINTS))
def test_every_endpoint_says_what_it_is_for_and_what_errors_look_like(endpoint: tuple[str, str]) -> None:
    path, method = endpoint
    operation = schema()["paths"][path][method]
    assert operation.get("summary"), f"{method} {path} has no summary"
    errors = [code for code in operation["responses"] if code.startswith("4")]
    assert errors, f"{method} {path} documents no error"


def test_it_is_served_with_a_page_whose_assets_are_local(client: Client) -> None:
    assert client.get("/api/schema/").status_code == 200
    page = client.get("/api/docs/").content.decode()
    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css" in page
    assert "https://cdn" not in page
