import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.contrib.auth import get_user_model
from django.test import Client

from common.models import ApiKey, Scope
from common.services import api_key_issue, api_key_revoke
from tests.credentials import bearer, client_of, service, token

pytestmark = pytest.mark.django_db

SAVE = {"event_id": "gig", "action": "save"}


@pytest.fixture(autouse=True)
def _credentials_required(settings: Any) -> None:
    settings.API_AUTH = "required"


def record(client: Client, **fields: Any) -> Any:
    return client.post("/v1/feedback", SAVE | fields, content_type="application/json")


def read_taste(client: Client, user_id: str = "1") -> Any:
    """The same question through REST framework's path."""
    return client.get(f"/v1/users/{user_id}/taste")


WAYS: list[Callable[..., Any]] = [record, read_taste]


@pytest.fixture(params=WAYS, ids=["lean view", "ordinary view"])
def ask(request: pytest.FixtureRequest) -> Callable[[Client], Any]:
    found: Callable[[Client], Any] = request.param
    return found


def refused(response: Any) -> str:
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    body = json.loads(response.content)
    assert body["detail"]
    return str(body["code"])


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


# --- No credentials, or ones that are not ---------------------------------------------------------
def test_it_refuses_an_anonymous_call_when_credentials_are_required(
    ask: Callable[[Client], Any],
) -> None:
    assert refused(ask(Client())) == "not_authenticated"


def test_it_serves_an_anonymous_call_of_an_open_api(api: Client) -> None:
    assert record(api, user_id="1").status_code == 200


def test_it_refuses_bad_credentials_on_an_open_api_too(open_api: None) -> None:
    assert refused(record(bearer("nonsense"), user_id="1")) == "token_invalid"


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "Bearer", "Bearer ", "Api-Key", "Api-Key nobody", "x", "Bearer é"]
)
def test_it_refuses_what_is_no_credential(ask: Callable[[Client], Any], header: str) -> None:
    refused(ask(Client(headers={"Authorization": header})))


# --- User tokens ----------------------------------------------------------------------------------
def test_it_accepts_a_good_token(ask: Callable[[Client], Any]) -> None:
    assert ask(client_of("1")).status_code in (200, 404)


@pytest.mark.parametrize("claim", ["user_id", "id", "sub"])
@pytest.mark.parametrize("subject", ["7", 7])
def test_it_finds_the_user_under_each_name_as_text_or_number(claim: str, subject: str | int) -> None:
    claims: dict[str, Any] = {claim: subject}
    assert record(bearer(token(**claims)), user_id=7).status_code == 200
    assert record(bearer(token(**claims)), user_id="8").status_code == 403


def test_it_prefers_user_id_over_the_other_claims() -> None:
    assert record(bearer(token(user_id="1", id="2", sub="3")), user_id="1").status_code == 200


@pytest.mark.parametrize("subject", [None, "", "  ", True, 1.5, [], {}, "x" * 256, "a\x00b"])
def test_it_refuses_a_token_that_names_no_user(subject: object) -> None:
    assert refused(record(bearer(token(user_id=subject)))) == "token_invalid"


def test_it_refuses_an_expired_token(ask: Callable[[Client], Any]) -> None:
    assert refused(ask(client_of("1", exp=int(time.time()) - 1))) == "token_expired"


def test_it_refuses_a_token_without_expiry(ask: Callable[[Client], Any]) -> None:
    assert refused(ask(client_of("1", exp=None))) == "token_invalid"


@pytest.mark.parametrize("exp", ["soon", [], {}, 1e400, "", True])
def test_it_refuses_a_token_whose_expiry_is_no_time(exp: object) -> None:
    refused(record(client_of("1", exp=exp)))


def test_it_refuses_a_token_that_is_not_valid_yet() -> None:
    assert refused(record(client_of("1", nbf=int(time.time()) + 60))) == "token_invalid"


def test_it_accepts_a_token_whose_issuer_has_a_clock_ahead_of_ours() -> None:
    assert record(client_of("1", iat=int(time.time()) + 30)).status_code == 200


def test_it_refuses_a_wrong_signature(ask: Callable[[Client], Any]) -> None:
    forged = token(user_id="1", secret="somebody-elses-secret-of-a-decent-length")
    assert refused(ask(bearer(forged))) == "token_invalid"


def test_it_refuses_a_token_whose_claims_were_changed() -> None:
    header, _, signature = token(user_id="1").split(".")
    changed = part({"user_id": "2", "exp": int(time.time()) + 60})
    assert refused(record(bearer(f"{header}.{changed}.{signature}"))) == "token_invalid"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, 5, ["HS256"], {}])
def test_it_refuses_an_unsigned_token(algorithm: object) -> None:
    claims = part({"user_id": "1", "exp": int(time.time()) + 60})
    unsigned = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{claims}."
    assert refused(record(bearer(unsigned))) == "token_invalid"


def test_it_refuses_other_hmac_algorithms_than_the_agreed_one(settings: Any) -> None:
    settings.JWT_SECRET = "a-long-secret-" * 8
    assert refused(record(client_of("1", algorithm="HS512"))) == "token_invalid"


def test_it_refuses_every_token_when_the_secret_is_empty(settings: Any) -> None:
    good = token(user_id="1")
    settings.JWT_SECRET = ""
    assert refused(record(bearer(good))) == "token_invalid"


@pytest.mark.parametrize(
    "junk",
    [
        "a.b.c",
        "...",
        "a" * 5000,
        "e30.e30.e30",
        part([]) + ".e30.x",
        "\udcff".encode("utf-8", "replace").decode(),
    ],
)
def test_it_refuses_junk_as_a_token(junk: str) -> None:
    assert refused(record(bearer(junk))) == "token_invalid"


def test_it_refuses_a_header_nested_beyond_what_python_parses() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    assert refused(record(bearer(f"{deep}.e30.x"))) == "token_invalid"


def test_it_refuses_rs256_when_no_public_key_is_configured(rsa_key: rsa.RSAPrivateKey) -> None:
    signed = token(user_id="1", secret=private_pem(rsa_key), algorithm="RS256")
    assert refused(record(bearer(signed))) == "token_invalid"


def test_it_accepts_rs256_with_the_configured_key(settings: Any, rsa_key: rsa.RSAPrivateKey) -> None:
    settings.JWT_PUBLIC_KEY = public_pem(rsa_key)
    signed = token(user_id="1", secret=private_pem(rsa_key), algorithm="RS256")
    assert record(bearer(signed)).status_code == 200
    assert record(client_of("1")).status_code == 200  # and still the shared secret


def test_it_accepts_a_public_key_written_on_one_line(settings: Any, rsa_key: rsa.RSAPrivateKey) -> None:
    settings.JWT_PUBLIC_KEY = public_pem(rsa_key).replace("\n", "\\n")
    signed = token(user_id="1", secret=private_pem(rsa_key), algorithm="RS256")
    assert record(bearer(signed)).status_code == 200


def test_it_refuses_rs256_of_another_key(settings: Any, rsa_key: rsa.RSAPrivateKey) -> None:
    settings.JWT_PUBLIC_KEY = public_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    signed = token(user_id="1", secret=private_pem(rsa_key), algorithm="RS256")
    assert refused(record(bearer(signed))) == "token_invalid"


def test_it_refuses_hs256_signed_with_the_public_key(settings: Any, rsa_key: rsa.RSAPrivateKey) -> None:
    """The classic confusion: whoever knows the public key must not be able to sign with it."""
    import hashlib
    import hmac

    settings.JWT_PUBLIC_KEY = public_pem(rsa_key)
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'user_id': '1', 'exp': int(time.time()) + 60})}"
    digest = hmac.new(settings.JWT_PUBLIC_KEY.encode(), signed.encode(), hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert refused(record(bearer(f"{signed}.{signature}"))) == "token_invalid"


def test_it_chooses_a_key_of_a_key_set_by_its_id(settings: Any, rsa_key: rsa.RSAPrivateKey) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    keys = [
        {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}
        for kid, key in (("old", other), ("new", rsa_key))
    ]
    settings.JWT_PUBLIC_KEY = json.dumps({"keys": keys})

    def signed(kid: str | None) -> Client:
        claims = {"user_id": "1", "exp": int(time.time()) + 60}
        headers = {} if kid is None else {"kid": kid}
        return bearer(jwt.encode(claims, private_pem(rsa_key), algorithm="RS256", headers=headers))

    assert record(signed("new")).status_code == 200
    assert refused(record(signed("old"))) == "token_invalid"
    assert refused(record(signed("unheard-of"))) == "token_invalid"
    assert refused(record(signed(None))) == "token_invalid"


def test_it_lets_a_person_act_for_themselves_only() -> None:
    assert record(client_of("1")).status_code == 200
    assert record(client_of("1"), user_id="2").status_code == 403
    assert read_taste(client_of("1"), "2").status_code == 403


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_it_keeps_people_out_of_the_catalogue(method: str) -> None:
    response = getattr(client_of("1"), method)("/v1/events/gig")
    assert response.status_code == 403
    assert response.json()["code"] == "not_allowed"


def test_it_gives_an_administrators_token_reading_but_no_catalogue() -> None:
    admin = client_of("1", role="admin")
    assert admin.get("/v1/model/info").status_code != 403
    assert client_of("1").get("/v1/model/info").status_code == 403
    assert admin.delete("/v1/events/gig").status_code == 403


@pytest.mark.parametrize("role", ["Admin", "administrator", ["admin"], True, {"admin": 1}])
def test_it_knows_one_role_only(role: object) -> None:
    assert client_of("1", role=role).get("/v1/model/info").status_code == 403


# --- Service keys ---------------------------------------------------------------------------------
def test_it_lets_a_service_act_for_anybody_within_its_scopes() -> None:
    client = service(Scope.FEEDBACK)
    assert record(client, user_id="1").status_code == 200
    assert record(client, user_id="2").status_code == 200
    assert read_taste(client).status_code == 403


def test_it_asks_a_service_whom_it_acts_for() -> None:
    response = record(service(Scope.FEEDBACK))
    assert response.status_code == 400
    assert json.loads(response.content)["errors"] == {"user_id": ["This field is required."]}


def test_it_refuses_a_key_as_soon_as_it_is_revoked(django_capture_on_commit_callbacks: Any) -> None:
    row, key = api_key_issue(name="aggregator", scopes=[Scope.FEEDBACK], created_by="tests")
    client = Client(headers={"Authorization": f"Api-Key {key}"})
    assert record(client, user_id="1").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        api_key_revoke(key=row)
    assert refused(record(client, user_id="1")) == "key_invalid"


def test_it_stores_no_key() -> None:
    row, key = api_key_issue(name="aggregator", scopes=[Scope.FEEDBACK], created_by="tests")
    stored = " ".join(str(value) for value in ApiKey.objects.filter(pk=row.pk).values_list()[0])
    assert key not in stored
    assert row.digest_sha256 in stored


def test_it_accepts_neither_a_keys_hash_nor_its_prefix() -> None:
    row, _ = api_key_issue(name="aggregator", scopes=[Scope.FEEDBACK], created_by="tests")
    for guess in (row.digest_sha256, row.prefix):
        assert (
            refused(record(Client(headers={"Authorization": f"Api-Key {guess}"}), user_id="1"))
            == "key_invalid"
        )


def test_it_reads_a_key_once_in_a_while_only(django_assert_num_queries: Any) -> None:
    client = service(Scope.RECOMMEND)
    with django_assert_num_queries(2):  # the key, the profile
        read_taste(client)
    with django_assert_num_queries(1):
        read_taste(client)


# --- The admin's session --------------------------------------------------------------------------
def test_it_lets_signed_in_staff_read_and_nobody_else() -> None:
    users = get_user_model()
    staff = Client()
    staff.force_login(users.objects.create_user("staff", is_staff=True))
    other = Client()
    other.force_login(users.objects.create_user("other"))
    assert staff.get("/v1/model/info").status_code not in (401, 403)
    assert staff.get("/v1/events/gig").status_code == 403
    assert other.get("/v1/model/info").status_code == 401


def test_it_wants_a_csrf_token_with_a_session() -> None:
    staff = Client(enforce_csrf_checks=True)
    staff.force_login(get_user_model().objects.create_user("staff", is_staff=True))
    response = staff.post("/v1/model/retrain")
    assert response.status_code == 403
    assert "CSRF" in response.json()["detail"]
