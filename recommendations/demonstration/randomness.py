"""Chance that depends on names alone, so that one part of the world never disturbs another."""

import hashlib
import re
import unicodedata

import numpy as np


def generator(seed: int, *names: object) -> np.random.Generator:
    """A generator for the thing these names describe: same seed and names, same stream."""
    text = "\x1f".join(str(name) for name in (seed, *names))
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))


def world_name(seed: int) -> str:
    """What every id of this world starts with; two seeds can live in one database."""
    return "demo" if seed == 1 else f"demo{seed}"


def slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("'", "").replace("’", "")).encode("ascii", "ignore")
    return "-".join(re.findall(r"[a-z0-9]+", plain.decode().casefold()))
