"""A user's token: verified, always: signature, expiry, algorithm."""

import functools
from collections.abc import Mapping
from typing import Any

import jwt
from django.conf import settings
from jwt.algorithms import RSAAlgorithm

from common import errors

_OPTIONS: Any = {
    "require": ["exp"],
    "verify_sub": False,  # the platform's subjects are numbers
    "verify_jti": False,
    "verify_aud": False,
    "verify_iat": False,  # the issuer's clock may be a second ahead; exp and nbf are what bounds a token
}


def token_claims(token: str) -> dict[str, Any]:
    """The claims of a good token. Raises NotAuthenticated on any other."""
    try:
        header = jwt.get_unverified_header(token)
        algorithm, key = _accepted(header.get("alg"), header.get("kid"))
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm], options=_OPTIONS)
    except jwt.ExpiredSignatureError as error:
        raise errors.NotAuthenticated("The token has expired.", code="token_expired") from error
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
        # Beside its own errors PyJWT lets through what hostile JSON in a header or claim makes Python raise.
        raise errors.NotAuthenticated("The token is not valid.", code="token_invalid") from error
    return claims


def _accepted(algorithm: object, key_id: object) -> tuple[str, Any]:
    """The algorithm and the key to verify with. Each algorithm has its own key: a token never chooses."""
    if algorithm == "HS256" and settings.JWT_SECRET:
        return "HS256", settings.JWT_SECRET
    if algorithm == "RS256" and settings.JWT_PUBLIC_KEY:
        key = _public_key(public_keys_parse(settings.JWT_PUBLIC_KEY), key_id)
        if key is not None:
            return "RS256", key
        raise errors.NotAuthenticated("The token was signed with an unknown key.", code="token_invalid")
    raise errors.NotAuthenticated("The token's algorithm is not accepted.", code="token_invalid")


def _public_key(keys: Mapping[str, Any], key_id: object) -> Any:
    if key_id is None and len(keys) == 1:
        return next(iter(keys.values()))
    return keys.get(str(key_id), keys.get(""))


@functools.lru_cache(maxsize=4)
def public_keys_parse(text: str) -> dict[str, Any]:
    """RSA public keys by their id, from a PEM (whose one key has the id "") or a JSON Web Key Set."""
    if not text.lstrip().startswith("{"):
        pem = text.replace("\\n", "\n")  # as an environment variable often holds it, on one line
        return {"": RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(pem)}
    keys = jwt.PyJWKSet.from_json(text).keys
    return {key.key_id or "": key.key for key in keys if key.key_type == "RSA"}
