"""The kinds of night out: what they are called, when they start and what they cost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """What nights of one sort have in common, whatever the music. Hours are local; past 24 is never used."""

    starts: tuple[str, ...]  # local start times to choose from
    hours: float  # how long it lasts
    weekday_weights: tuple[float, ...]  # Monday first
    age_restriction: str


CLUB = Format(("22:00", "22:30", "23:00"), 4.5, (0, 0.1, 0.3, 1, 3, 3.5, 0.6), "18+")
GIG = Format(("19:30", "20:00", "20:30"), 3.0, (0.4, 0.7, 1, 1.6, 2.2, 2.2, 1), "")
SESSION = Format(("18:30", "21:00", "21:30"), 2.5, (1, 1, 1.2, 1.3, 1.3, 1.3, 1.8), "")
SEATED = Format(("19:30", "20:00"), 2.25, (0.3, 1, 1.2, 1.6, 2, 2, 0.7), "")
COMEDY_NIGHT = Format(("20:00", "20:30", "21:00"), 2.0, (0.8, 0.8, 1, 1.6, 2, 2, 0.8), "18+")


@dataclass(frozen=True, slots=True)
class Scene:
    """One crowd's music or stage. `genres[0]` names the scene; the rest are its corners."""

    key: str
    genres: tuple[str, ...]
    format: Format
    price: tuple[float, float]  # EUR, cheapest and dearest ordinary ticket in a mid-sized room
    neighbours: tuple[str, ...]  # scenes the same people tend to like
    share: float  # how much of what is on it makes up


SCENES: tuple[Scene, ...] = (
    Scene(
        "techno",
        ("techno", "hard techno", "dub techno", "acid"),
        CLUB,
        (12, 25),
        ("house", "electronica"),
        1.3,
    ),
    Scene(
        "house", ("house", "deep house", "afro house", "minimal"), CLUB, (10, 22), ("techno", "disco"), 1.3
    ),
    Scene("disco", ("disco", "italo disco", "funk"), CLUB, (8, 18), ("house", "soul"), 0.8),
    Scene(
        "bass",
        ("drum and bass", "jungle", "uk garage", "dubstep"),
        CLUB,
        (10, 20),
        ("techno", "hip hop"),
        0.8,
    ),
    Scene("electronica", ("electronica", "ambient", "synth"), GIG, (12, 24), ("techno", "jazz"), 0.7),
    Scene("indie", ("indie", "dream pop", "shoegaze", "indie rock"), GIG, (14, 28), ("folk", "rock"), 1.4),
    Scene("rock", ("rock", "alternative", "garage rock"), GIG, (15, 32), ("indie", "metal"), 1.1),
    Scene("punk", ("punk", "post-punk", "hardcore"), GIG, (10, 20), ("rock", "metal"), 0.7),
    Scene("metal", ("metal", "doom", "black metal"), GIG, (12, 25), ("punk", "rock"), 0.6),
    Scene("folk", ("folk", "alt-folk", "ballads"), GIG, (14, 28), ("trad", "songwriter"), 1.1),
    Scene(
        "songwriter", ("singer-songwriter", "acoustic", "americana"), GIG, (12, 26), ("folk", "indie"), 1.0
    ),
    Scene("trad", ("trad", "sean-nós", "céilí"), SESSION, (0, 15), ("folk", "songwriter"), 1.5),
    Scene("jazz", ("jazz", "free jazz", "swing"), GIG, (12, 25), ("soul", "classical"), 0.9),
    Scene("soul", ("soul", "r&b", "neo-soul"), GIG, (14, 28), ("hip hop", "disco"), 0.7),
    Scene("hip hop", ("hip hop", "rap", "drill"), GIG, (12, 25), ("soul", "bass"), 0.8),
    Scene("pop", ("pop", "electropop", "covers"), GIG, (18, 40), ("disco", "indie"), 0.9),
    Scene(
        "classical",
        ("classical", "chamber", "contemporary classical"),
        SEATED,
        (18, 40),
        ("jazz", "theatre"),
        0.7,
    ),
    Scene("comedy", ("comedy", "stand-up", "improv"), COMEDY_NIGHT, (10, 24), ("spoken word", "pop"), 1.5),
    Scene(
        "theatre", ("theatre", "drama", "new writing"), SEATED, (16, 34), ("spoken word", "classical"), 0.6
    ),
    Scene(
        "spoken word", ("spoken word", "poetry", "storytelling"), SEATED, (5, 14), ("theatre", "folk"), 0.6
    ),
)
SCENE_BY_KEY = {scene.key: scene for scene in SCENES}
