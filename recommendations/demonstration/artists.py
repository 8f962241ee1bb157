"""Invented artists and promoters. Any likeness to a living act is chance."""

import functools
from dataclasses import dataclass

from recommendations.demonstration.randomness import generator
from recommendations.demonstration.scenes import SCENE_BY_KEY
from recommendations.demonstration.venues import CITIES


@dataclass(frozen=True, slots=True)
class Artist:
    name: str
    scene: str
    corner: str  # the genre of the scene they lean to
    city: str  # where they live and mostly play
    draw: float  # 0-1, how many would come out for them


@dataclass(frozen=True, slots=True)
class Promoter:
    name: str
    scenes: tuple[str, ...]
    cities: tuple[str, ...]


_NAMES: dict[str, tuple[str, ...]] = {
    "techno": (
        "Nocturne Unit", "Lampglow", "Turf Fire", "Sleán", "Halogen Nun", "Brutal Tide", "Kestrel Logic",
        "Peat Reactor", "DJ Substation", "Iron Wren", "Grid Failure", "Mica Ó", "Concrete Heron",
        "Faultline Áine",
    ),
    "house": (
        "Marble Arcade", "DJ Saltwater", "Soft Hours", "Peach Ledger", "Tolka Heights", "Rosa Lumen",
        "Velvet Ferry", "Kitchen Radio", "Basement Orchid", "Sunday Shift", "Honeymoon Tapes",
        "Coast Road Express",
    ),
    "disco": (
        "Glitterbog", "The Mirrorball Sisters", "Concorde Lounge", "Disco Deirdre", "Salthill Sunset",
        "Poolside Priest", "Roller Rink Romance", "Champagne Curate", "Fiesta Fogarty",
    ),
    "bass": (
        "Rude Magpie", "Jungle Bridie", "Sub Lough", "DJ Hurley Stick", "Wobble Glen", "Amen Avenue",
        "Breakneck Nora", "Low End Lurcher", "Ragga Rathmines",
    ),
    "electronica": (
        "Slow Lighthouse", "Glass Estuary", "Modular Monk", "Tide Tables", "Fathom Index", "Silver Lichen",
        "Paper Satellites", "Hush Circuit", "Aurora Bothy",
    ),
    "indie": (
        "Paper Lanyard", "The Sunday Drivers' Union", "Pale Fires of Athy", "Swimming Lessons",
        "Bungalow Dreams", "Minor Harbour", "The Late Buses", "Cardigan Weather", "Bouncy Castles",
        "Violet Motorway", "Half Term", "Sea Swim Club",
    ),
    "rock": (
        "Gravel Saints", "The Widowmaker Kings", "Black Diesel Road", "Thunder Quarry", "Copper Hounds",
        "The Amplified", "Burren Riders", "Electric Parish", "Ruby Static", "The Bog Standards",
    ),
    "punk": (
        "Bin Day", "The Overdrafts", "Wet Socks", "Landlord Special", "Cruel Bishop", "No Parking",
        "Kettle Riot", "Rent Strike Summer", "Dole Queue Darlings",
    ),
    "metal": (
        "Morrígan's Anvil", "Black Turlough", "Crom's Wake", "Sepulchral Ferry", "Iron Dolmen",
        "Ashen Cairn", "Hollow Cromlech", "Wolves of Ossory",
    ),
    "folk": (
        "The Marram Sisters", "Hawthorn & Rue", "Salt Meadow", "The Quarrymen of Liscannor", "Lark Lane",
        "Bridle Path", "Ellery Moss", "The Drowned Field", "Sparrow Hill", "Wren Day Choir",
    ),
    "songwriter": (
        "Orla Penhallow", "Tomás of the Hill", "Ivy Castlegrace", "Callan Thistlewood", "Maeve Larkspur",
        "Fionn Hollowbrook", "Junie Saltmarsh", "Dara Windgate", "Posy Underhill", "Rua Fairweather",
    ),
    "trad": (
        "Cois Tobair", "The Blackthorn Reel", "Tine Mhóna", "The Crossroads Céilí Band", "Port na Gaoithe",
        "Ceol an Chuain", "The Half Set", "Sliabh Solas", "Gaoth Aniar", "The Flagstone Trio",
        "Na Fáinleoga", "Kitchen Hornpipe",
    ),
    "jazz": (
        "The Lee Delta Five", "Blue Canal Trio", "Saoirse Nightjar Quartet", "Midnight Arithmetic",
        "The Brass Ledger", "Swing Parliament", "Corner Booth Ensemble", "Monk's Bicycle", "Dizzy Corrib",
    ),
    "soul": (
        "Sweet Corrib", "Ambrosia Doyle Revue", "The Velvet Curragh", "Juno Amberley", "Liffey Gold",
        "Kiki Marigold", "Slow Butter", "The Tenderhearted",
    ),
    "hip hop": (
        "MC Ballast", "Northside Oracle", "Young Drumlin", "Spoken Nettle", "Kilowatt Kev", "Boreen Boys",
        "Lil Drizzle", "Verse Inspector", "Queen Brambles", "Slang Professor",
    ),
    "pop": (
        "Lola Starling", "Neon Petticoat", "Candyfloss Motel", "Zara Moonbeam", "The Summer Colleges",
        "Glimmer Girl", "Heartbreak Avenue", "Pixie Harcourt",
    ),
    "classical": (
        "The Marino Quartet", "Camerata of the Coast", "Shandon Chamber Players", "Estuary Sinfonia",
        "The Larch Trio", "Corrib Consort", "Treaty Baroque", "Liberties Wind Ensemble",
    ),
    "comedy": (
        "Big Concepta", "Fintan Flapjack", "Dympna Dreadful", "The Sound Eejits", "Gob Daw",
        "Packie Biscuit", "Assumpta Mayhem", "The Immersion", "Nigel from Accounts", "Auntie Pauline",
        "Minty Brosnahan", "The Improv Marts",
    ),
    "theatre": (
        "Saltbox Theatre Company", "Rough Weather Theatre", "The Parlour Players",
        "Broken Gate Productions", "Tin Whistle Theatre", "Lantern Yard", "Ferryman Stage",
        "The Other Shed",
    ),
    "spoken word": (
        "The Wet Ink Collective", "Bard on the Bus", "Ode to the N7", "Ogham Slam", "Pencil Shed",
        "The Long Vowel", "Nettle & Verse",
    ),
}  # fmt: skip

PROMOTERS: tuple[Promoter, ...] = tuple(
    Promoter(name, tuple(scenes.split(", ")), tuple(cities.split(", ")))
    for name, scenes, cities in (
        ("Substructure", "techno, bass", "Dublin"),
        ("Night Ferry", "techno, electronica", "Dublin, Cork"),
        ("Red Lamp", "techno, house", "Galway, Limerick"),
        ("Warm Floor", "house, disco", "Dublin"),
        ("Back Room Social", "house, disco", "Dublin, Galway"),
        ("Lee Side Sound", "house, techno, bass", "Cork"),
        ("Sound Currency", "bass, hip hop", "Dublin, Limerick"),
        ("Glitter & Grit", "disco, pop, soul", "Dublin, Cork, Galway"),
        ("Quiet Machines", "electronica, jazz", "Dublin, Limerick, Cork"),
        ("Little Harbour", "indie, songwriter", "Dublin"),
        ("Second Verse", "indie, folk, songwriter", "Cork, Galway, Limerick"),
        ("Loud Parish", "rock, punk, indie", "Dublin"),
        ("Amber Room Presents", "rock, indie, pop", "Dublin, Cork, Galway, Limerick"),
        ("Three Chord Gigs", "punk, metal", "Dublin"),
        ("Iron Hedge", "metal, rock, punk", "Cork, Dublin, Limerick"),
        ("Hedge School Sessions", "folk, songwriter, spoken word", "Dublin"),
        ("Long Acre Folk", "folk, trad", "Galway, Cork, Limerick"),
        ("Ceol Anocht", "trad, folk", "Dublin"),
        ("An Seisiún", "trad", "Galway, Limerick, Cork"),
        ("Blue Hour", "jazz, soul", "Dublin"),
        ("South Mall Jazz Society", "jazz, classical, soul", "Cork"),
        ("Honey Jar", "soul, hip hop", "Dublin, Cork, Galway"),
        ("Block Party Collective", "hip hop, bass", "Dublin, Cork, Galway, Limerick"),
        ("Bright Lights Live", "pop, comedy", "Dublin, Cork, Limerick"),
        ("Fourth Movement", "classical", "Dublin, Cork"),
        ("Western Strings", "classical, jazz", "Galway, Limerick"),
        ("Deadpan", "comedy", "Dublin"),
        ("The Laughing Heron", "comedy, spoken word", "Dublin, Cork"),
        ("Messing Comedy Club", "comedy", "Galway, Limerick"),
        ("Footlight", "theatre", "Dublin, Cork, Galway, Limerick"),
        ("The Green Curtain", "theatre, spoken word", "Dublin"),
        ("Western Stage", "theatre, classical", "Galway, Limerick"),
        ("Inkwell", "spoken word, theatre", "Dublin, Cork, Galway, Limerick"),
    )
)
PROMOTER_BY_NAME = {promoter.name: promoter for promoter in PROMOTERS}


def promoters_of(scene: str, city: str) -> tuple[Promoter, ...]:
    """Who puts on this scene there; somebody from elsewhere if nobody local does."""
    scenes = [promoter for promoter in PROMOTERS if scene in promoter.scenes]
    return tuple([promoter for promoter in scenes if city in promoter.cities] or scenes)


@functools.cache
def artists(seed: int) -> tuple[Artist, ...]:
    """Everybody who plays in this world, the same for one seed for ever."""
    shares = [city.share for city in CITIES]
    found = []
    for scene, names in _NAMES.items():
        for name in names:
            chance = generator(seed, "artist", name)
            found.append(
                Artist(
                    name=name,
                    scene=scene,
                    corner=str(chance.choice(SCENE_BY_KEY[scene].genres)),
                    city=CITIES[int(chance.choice(len(CITIES), p=shares))].name,
                    draw=float(chance.beta(1.3, 3.0)),
                )
            )
    return tuple(found)


@functools.cache
def artists_of(seed: int, scene: str) -> tuple[Artist, ...]:
    return tuple(artist for artist in artists(seed) if artist.scene == scene)
