# ruff: noqa: E501  one venue a line
"""Real venues in four Irish cities: where they are, roughly how many fit, what kind of night they put on.

Coordinates are good to about 100 m, capacities to about a fifth. What is on in them here is invented.
"""

from dataclasses import dataclass

from recommendations.demonstration.randomness import slug


@dataclass(frozen=True, slots=True)
class City:
    name: str
    latitude: float
    longitude: float
    share: float  # of people, and of what is on
    bounds: tuple[float, float, float, float]  # south, north, west, east in degrees, suburbs included


CITIES: tuple[City, ...] = (
    City("Dublin", 53.3450, -6.2630, 0.56, (53.22, 53.46, -6.47, -6.03)),
    City("Cork", 51.8980, -8.4720, 0.19, (51.85, 51.95, -8.56, -8.38)),
    City("Galway", 53.2720, -9.0540, 0.14, (53.24, 53.32, -9.15, -8.95)),
    City("Limerick", 52.6620, -8.6290, 0.11, (52.62, 52.70, -8.70, -8.53)),
)
CITY_BY_NAME = {city.name: city for city in CITIES}


@dataclass(frozen=True, slots=True)
class Venue:
    name: str
    street: str
    city: str
    latitude: float
    longitude: float
    capacity: int
    scenes: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{slug(self.city)}-{slug(self.name)}"


def _venues(city: str, *rows: tuple[str, str, float, float, int, str]) -> tuple[Venue, ...]:
    return tuple(
        Venue(name, street, city, latitude, longitude, capacity, tuple(scenes.split(", ")))
        for name, street, latitude, longitude, capacity, scenes in rows
    )


DUBLIN = _venues(
    "Dublin",
    ("Whelan's", "25 Wexford Street, Dublin 2", 53.3365, -6.2657, 450, "indie, songwriter, folk, rock"),
    ("Vicar Street", "58-59 Thomas Street, Dublin 8", 53.3426, -6.2777, 1050, "comedy, folk, rock, trad, indie"),
    ("3Olympia Theatre", "72 Dame Street, Dublin 2", 53.3443, -6.2662, 1600, "rock, pop, comedy, indie"),
    ("The Academy", "57 Middle Abbey Street, Dublin 1", 53.3479, -6.2620, 850, "rock, hip hop, indie, metal"),
    ("Button Factory", "Curved Street, Temple Bar, Dublin 2", 53.3448, -6.2650, 550, "techno, bass, hip hop, indie"),
    ("The Workman's Club", "10 Wellington Quay, Dublin 2", 53.3454, -6.2664, 300, "indie, punk, house, songwriter"),
    ("The Grand Social", "35 Liffey Street Lower, Dublin 1", 53.3469, -6.2634, 400, "indie, soul, disco, punk"),
    ("Opium", "26 Wexford Street, Dublin 2", 53.3366, -6.2660, 600, "house, techno, hip hop, rock"),
    ("The Sugar Club", "8 Leeson Street Lower, Dublin 2", 53.3357, -6.2564, 350, "soul, jazz, electronica, disco"),
    ("National Concert Hall", "Earlsfort Terrace, Dublin 2", 53.3348, -6.2588, 1200, "classical, jazz, folk, trad"),
    ("Bord Gáis Energy Theatre", "Grand Canal Square, Dublin 2", 53.3440, -6.2402, 2100, "theatre, classical, pop"),
    ("3Arena", "North Wall Quay, Dublin 1", 53.3474, -6.2285, 13000, "pop, rock"),
    ("Abbey Theatre", "26 Abbey Street Lower, Dublin 1", 53.3485, -6.2572, 490, "theatre"),
    ("Gate Theatre", "Cavendish Row, Dublin 1", 53.3531, -6.2622, 370, "theatre"),
    ("Gaiety Theatre", "South King Street, Dublin 2", 53.3403, -6.2616, 1140, "theatre, classical, comedy"),
    ("Project Arts Centre", "39 Essex Street East, Dublin 2", 53.3449, -6.2669, 220, "theatre, spoken word, electronica"),
    ("Smock Alley Theatre", "6-7 Exchange Street Lower, Dublin 8", 53.3451, -6.2694, 180, "theatre, spoken word, comedy"),
    ("Bewley's Café Theatre", "78-79 Grafton Street, Dublin 2", 53.3417, -6.2602, 60, "theatre, jazz, spoken word"),
    ("Pavilion Theatre", "Marine Road, Dún Laoghaire", 53.2932, -6.1346, 320, "theatre, folk, classical"),
    ("Civic Theatre", "Blessington Road, Tallaght", 53.2872, -6.3722, 290, "theatre, comedy, trad"),
    ("The International Bar", "23 Wicklow Street, Dublin 2", 53.3429, -6.2614, 80, "comedy, spoken word, songwriter"),
    ("Laughter Lounge", "4-8 Eden Quay, Dublin 1", 53.3476, -6.2577, 400, "comedy"),
    ("The Stag's Head", "1 Dame Court, Dublin 2", 53.3442, -6.2637, 70, "comedy, trad"),
    ("The Cobblestone", "77 King Street North, Dublin 7", 53.3493, -6.2783, 90, "trad, folk"),
    ("O'Donoghue's", "15 Merrion Row, Dublin 2", 53.3387, -6.2547, 80, "trad, folk"),
    ("Doyle's", "9 College Street, Dublin 2", 53.3456, -6.2584, 120, "songwriter, folk, spoken word"),
    ("Arthur's Pub", "28 Thomas Street, Dublin 8", 53.3431, -6.2822, 100, "jazz, soul, songwriter"),
    ("Fibber Magees", "80-82 Parnell Street, Dublin 1", 53.3517, -6.2644, 300, "metal, punk, rock"),
    ("The Sound House", "28 Eden Quay, Dublin 1", 53.3478, -6.2566, 180, "metal, punk, indie, hip hop"),
    ("Pygmalion", "59 South William Street, Dublin 2", 53.3422, -6.2630, 300, "house, techno, disco"),
    ("The Big Romance", "98 Parnell Street, Dublin 1", 53.353, -6.260, 100, "electronica, disco, jazz"),
    ("Fidelity", "79 Queen Street, Dublin 7", 53.3489, -6.2814, 120, "house, electronica, disco"),
    ("Yamamori Tengu", "Great Strand Street, Dublin 1", 53.3471, -6.2655, 250, "techno, house, bass"),
    ("The Bernard Shaw", "Cross Guns Bridge, Dublin 9", 53.3637, -6.2713, 300, "bass, hip hop, disco, soul"),
    ("Sin É", "14-15 Ormond Quay Upper, Dublin 7", 53.3461, -6.2707, 100, "trad, songwriter, rock"),
    ("The George", "89 South Great George's Street, Dublin 2", 53.3440, -6.2646, 600, "pop, disco"),
)  # fmt: skip

CORK = _venues(
    "Cork",
    ("Cyprus Avenue", "Caroline Street, Cork", 51.8978, -8.4704, 500, "indie, rock, hip hop, electronica"),
    ("Cork Opera House", "Emmet Place, Cork", 51.8999, -8.4733, 1000, "pop, classical, comedy, folk"),
    ("The Everyman", "15 MacCurtain Street, Cork", 51.9019, -8.4682, 650, "theatre, comedy, folk"),
    ("Triskel Arts Centre", "Tobin Street, Cork", 51.8970, -8.4757, 250, "jazz, classical, electronica, spoken word"),
    ("Coughlan's", "7 Douglas Street, Cork", 51.8938, -8.4725, 100, "songwriter, folk, indie"),
    ("Crane Lane Theatre", "Phoenix Street, Cork", 51.8976, -8.4697, 350, "jazz, soul, disco, house"),
    ("Dali", "Carey's Lane, Cork", 51.8987, -8.4737, 300, "techno, house, bass"),
    ("Fred Zeppelins", "8 Parliament Street, Cork", 51.8964, -8.4722, 120, "metal, punk, rock"),
    ("The Corner House", "7 Coburg Street, Cork", 51.9017, -8.4699, 90, "trad, folk"),
    ("City Limits", "16 Coburg Street, Cork", 51.9018, -8.4703, 150, "comedy, spoken word"),
    ("Cork Arts Theatre", "Carroll's Quay, Cork", 51.9018, -8.4716, 100, "theatre, spoken word"),
)  # fmt: skip

GALWAY = _venues(
    "Galway",
    ("Róisín Dubh", "9 Dominick Street Upper, Galway", 53.2702, -9.0577, 350, "indie, comedy, rock, songwriter, techno"),
    ("Monroe's", "14 Dominick Street Upper, Galway", 53.2698, -9.0584, 500, "folk, rock, trad, disco"),
    ("The Crane Bar", "2 Sea Road, Galway", 53.2690, -9.0606, 100, "trad, folk, songwriter"),
    ("Tig Cóilí", "Mainguard Street, Galway", 53.2722, -9.0535, 70, "trad"),
    ("Town Hall Theatre", "Courthouse Square, Galway", 53.2754, -9.0542, 400, "theatre, classical, comedy, jazz"),
    ("An Taibhdhearc", "Middle Street, Galway", 53.2715, -9.0520, 140, "theatre, spoken word"),
    ("Mick Lally Theatre", "Druid Lane, Galway", 53.2706, -9.0537, 90, "theatre, spoken word"),
    ("Electric", "36 Abbeygate Street Upper, Galway", 53.2744, -9.0533, 500, "house, techno, bass, hip hop"),
)  # fmt: skip

LIMERICK = _venues(
    "Limerick",
    ("Dolan's", "3-4 Dock Road, Limerick", 52.659, -8.638, 400, "indie, trad, rock, hip hop, folk, techno"),
    ("University Concert Hall", "University of Limerick, Castletroy", 52.6738, -8.5728, 1000, "classical, pop, comedy, folk"),
    ("Lime Tree Theatre", "Courtbrack Avenue, Limerick", 52.6533, -8.6392, 510, "theatre, comedy, jazz"),
    ("Belltable", "69 O'Connell Street, Limerick", 52.6591, -8.6308, 220, "theatre, spoken word, electronica"),
    ("The Locke Bar", "George's Quay, Limerick", 52.667, -8.623, 100, "trad, songwriter"),
    ("Nancy Blake's", "Denmark Street Upper, Limerick", 52.664, -8.624, 120, "trad, folk, soul"),
    ("Costello's Tavern", "Dominick Street, Limerick", 52.6615, -8.6280, 200, "indie, punk, house"),
)  # fmt: skip

VENUES: tuple[Venue, ...] = DUBLIN + CORK + GALWAY + LIMERICK
VENUE_BY_KEY = {venue.key: venue for venue in VENUES}
