"""The model a variant is served from: the champion, or the version that its running experiment pins."""

from experiments.definitions import running_definitions
from modelregistry.live import LiveModel
from recommendations.live_model import ServedModel, champion, pinned
from recommendations.slates import slates


def model_of(version_id: int | None) -> LiveModel[ServedModel] | None:
    """None where there is no champion, or the pinned version cannot be read."""
    if not pinned.is_followed and (version_id is not None or pinned.models()):
        pinned_look()
    return champion.current() if version_id is None else pinned.get(version_id)


def pinned_look() -> None:
    """Hold what running experiments pin, and release what none pins any more, with its prepared slates."""
    wanted = frozenset(
        variant.model_version_id
        for definition in running_definitions()
        for variant in definition.variants.values()
        if variant.model_version_id is not None
    )
    pinned.follow(wanted, champion.current())
    slates.keep(wanted)
