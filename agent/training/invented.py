"""Vocabularies that exist nowhere: places, site codes, teams, customers and tags, anew for every few examples."""

from __future__ import annotations

from typing import Any, NamedTuple

from agent.policy.vocabulary import Vocabulary
from agent.training.grammar import Rng, chance, one


class Place(NamedTuple):
    """A real country or state: what people call it, how its adjective reads, and cities in it."""

    name: str
    adjective: str
    tz: str
    groups: tuple[str, ...]
    others: tuple[str, ...]
    code: str


_TABLE = """
California;Californian;America/Los_Angeles;US,North America,Americas;US West,San Jose,Silicon Valley,Los Angeles;us-west
Texas;Texan;America/Chicago;US,North America,Americas;ERCOT,Dallas,Houston,US South;us-south
Virginia;Virginian;America/New_York;US,North America,Americas;US East,Ashburn,PJM,Northern Virginia;us-east
Oregon;Oregonian;America/Los_Angeles;US,North America,Americas;Portland,The Dalles,US Northwest;us-northwest
Ohio;;America/New_York;US,North America,Americas;Columbus,US Midwest;us-east-2
Iowa;;America/Chicago;US,North America,Americas;Council Bluffs,US Central,Des Moines;us-central
Ontario;;America/Toronto;Canada,North America,Americas;Toronto,Canada East;ca-east
Quebec;;America/Toronto;Canada,North America,Americas;Montreal,Hydro-Quebec;ca-north
Mexico;Mexican;America/Mexico_City;Latin America,Americas;Queretaro,Mexico City;mx
Brazil;Brazilian;America/Sao_Paulo;South America,Latin America,Americas;Sao Paulo,Rio;br
Chile;Chilean;America/Santiago;South America,Latin America,Americas;Santiago;cl
Britain;British;Europe/London;Europe,EMEA;UK,Great Britain,London,United Kingdom,England;gb
Ireland;Irish;Europe/Dublin;Europe,EU,EMEA;Dublin;ie
Germany;German;Europe/Berlin;Europe,EU,EMEA,DACH;Frankfurt,Berlin,Munich;de
France;French;Europe/Paris;Europe,EU,EMEA;Paris,Marseille,Lyon;fr
Sweden;Swedish;Europe/Stockholm;Europe,EU,EMEA,Nordics;Stockholm,Lulea,SE3;se
Norway;Norwegian;Europe/Oslo;Europe,EMEA,Nordics;Oslo,Bergen;no
Finland;Finnish;Europe/Helsinki;Europe,EU,EMEA,Nordics;Helsinki,Hamina;fi
Denmark;Danish;Europe/Copenhagen;Europe,EU,EMEA,Nordics;Copenhagen,Odense;dk
Poland;Polish;Europe/Warsaw;Europe,EU,EMEA;Warsaw,Krakow;pl
Spain;Spanish;Europe/Madrid;Europe,EU,EMEA,Iberia;Madrid,Zaragoza,Barcelona;es
Portugal;Portuguese;Europe/Lisbon;Europe,EU,EMEA,Iberia;Lisbon,Porto;pt
Italy;Italian;Europe/Rome;Europe,EU,EMEA;Milan,Turin,Rome;it
Switzerland;Swiss;Europe/Zurich;Europe,EMEA,DACH;Zurich,Geneva;ch
Austria;Austrian;Europe/Vienna;Europe,EU,EMEA,DACH;Vienna,Linz;at
Netherlands;Dutch;Europe/Amsterdam;Europe,EU,EMEA,Benelux;Amsterdam,Eemshaven,Holland;nl
Belgium;Belgian;Europe/Brussels;Europe,EU,EMEA,Benelux;Brussels,St. Ghislain;be
Iceland;Icelandic;Atlantic/Reykjavik;Europe,Nordics;Reykjavik,Keflavik;is
India;Indian;Asia/Kolkata;Asia,APAC;Mumbai,Hyderabad,Pune;in-west
Japan;Japanese;Asia/Tokyo;Asia,APAC;Tokyo,Osaka;jp
Singapore;Singaporean;Asia/Singapore;Asia,APAC,ASEAN;Jurong;sg
South Korea;Korean;Asia/Seoul;Asia,APAC;Seoul,Korea,Busan;kr
Taiwan;Taiwanese;Asia/Taipei;Asia,APAC;Taipei,Changhua;tw
Indonesia;Indonesian;Asia/Jakarta;Asia,APAC,ASEAN;Jakarta;id
Australia;Australian;Australia/Sydney;Oceania,APAC;Sydney,Melbourne,New South Wales;au
New Zealand;;Pacific/Auckland;Oceania,APAC;Auckland;nz
South Africa;South African;Africa/Johannesburg;Africa,EMEA;Johannesburg,Cape Town;za
Kenya;Kenyan;Africa/Nairobi;Africa,EMEA;Nairobi;ke
Israel;Israeli;Asia/Jerusalem;Middle East,EMEA;Tel Aviv;il
Emirates;Emirati;Asia/Dubai;Middle East,EMEA;Dubai,UAE;ae
"""
TEAMS = [
    "research",
    "ads",
    "platform",
    "finance",
    "ml-infra",
    "data-eng",
    "legal",
    "payments",
    "search",
    "growth",
    "security",
    "sre",
    "analytics",
    "billing",
    "risk",
    "marketing",
    "mobile",
    "web",
    "logistics",
    "bioinformatics",
    "quant",
    "fraud",
    "hr",
    "vision",
    "speech",
    "maps",
    "devtools",
    "support",
    "storage",
    "weather",
    "trading",
    "pricing",
    "simulation",
    "robotics",
    "qa",
    "content",
    "audit",
    "procurement",
    "core-infra",
    "data-science",
    "growth-eng",
    "ml-research",
]
CUSTOMERS = [
    "acme",
    "globex",
    "initech",
    "umbrella",
    "northwind",
    "contoso",
    "hooli",
    "stark",
    "wayne",
    "wonka",
    "tyrell",
    "cyberdyne",
    "soylent",
    "aperture",
    "oscorp",
    "fabrikam",
    "litware",
    "vandelay",
    "dunder",
    "gringotts",
    "monarch",
    "nakatomi",
    "weyland",
    "massive-dynamic",
    "blue-sun",
    "pied-piper",
    "sirius",
    "big-kahuna",
    "octan",
    "zorin",
    "virtucon",
    "spacely",
    "cogswell",
    "duff",
    "oceanic",
    "prestige",
    "kwik",
    "megacorp",
]
TAGS: dict[str, tuple[str, ...]] = {
    "training": ("training runs", "model training", "training jobs", "training"),
    "nightly": ("nightly jobs", "nightlies", "nightly runs"),
    "backup": ("backups", "backup jobs", "backup runs"),
    "ci": ("CI builds", "CI jobs", "continuous-integration jobs", "CI runs"),
    "etl": ("ETL jobs", "ETL pipelines", "ETL runs", "ETL work"),
    "inference": ("inference jobs", "inference", "inference workloads"),
    "pii": (
        "personal data",
        "jobs that touch personal data",
        "PII jobs",
        "jobs with personal data",
        "jobs with PII",
        "personally identifiable data",
    ),
    "rendering": ("rendering jobs", "renderings", "rendering work", "renders"),
    "genomics": ("genomics jobs", "genomics pipelines", "genome jobs"),
    "report": ("reports", "report jobs", "reporting jobs"),
    "dev": ("dev jobs", "development jobs", "dev runs"),
    "simulation": ("simulations", "simulation jobs", "simulation runs"),
    "test": ("test jobs", "tests", "test runs"),
    "indexing": ("indexing jobs", "index builds", "indexing runs"),
    "transcoding": ("transcoding jobs", "video transcodes", "transcoding"),
    "finetune": ("fine-tuning jobs", "finetune jobs", "fine-tunes"),
    "health": ("health data", "jobs with health data", "patient data"),
    "gdpr": ("GDPR data", "jobs under GDPR", "data under the GDPR"),
    "spark": ("Spark jobs", "Spark runs"),
    "benchmark": ("benchmarks", "benchmark jobs", "benchmark runs"),
    "archive": ("archive jobs", "archiving jobs", "archival runs"),
    "evaluation": ("evaluations", "evaluation runs", "evals"),
    "scraping": ("scrapers", "scraping jobs", "crawls"),
    "forecast": ("forecasts", "forecast jobs", "forecasting runs"),
    "export": ("exports", "export jobs", "data exports"),
    "cleanup": ("cleanup jobs", "clean-up runs", "cleanups"),
    "secret": ("secret jobs", "classified jobs", "secret work"),
    "demo": ("demo jobs", "demos"),
    "payroll": ("payroll runs", "payroll jobs", "payroll"),
    "sweep": ("sweeps", "parameter sweeps", "sweep jobs"),
}
"""Each tag with nouns by which people mean it."""
_SYLLABLES = [
    "ba",
    "be",
    "bo",
    "da",
    "den",
    "el",
    "fa",
    "fen",
    "go",
    "ha",
    "har",
    "ka",
    "kel",
    "lo",
    "lun",
    "ma",
    "mar",
    "mo",
    "na",
    "nor",
    "o",
    "pel",
    "qui",
    "ra",
    "rin",
    "sa",
    "sel",
    "ta",
    "tor",
    "va",
    "ven",
    "wil",
    "zo",
]
_CODES = (
    "dc-{n}",
    "site-{c}",
    "{c}{n}",
    "plant-{n}",
    "{s}{n}",
    "hall-{c}",
    "{s}-{c}{n}",
    "zone-{c}{n}",
    "pop-{s}",
    "{S}{n}",
)
_WORDS = (
    "the old mill", "Building 12", "the basement", "North Hall", "Riverside", "the annex", "Blue Campus", "Harbour",
    "Hilltop", "the bunker", "Campus East", "Campus West", "Lakeside", "the quarry", "Tower B", "the island", "Meadow",
)  # fmt: skip
_GROUPS = ("the old sites", "coastal sites", "tier-1", "the south", "the north", "green sites", "own sites", "cloud",
           "the labs", "edge", "partners", "mainland")  # fmt: skip


def _places() -> tuple[Place, ...]:
    rows = (line.split(";") for line in _TABLE.strip().splitlines())
    return tuple(
        Place(name, adjective, tz, tuple(groups.split(",")), tuple(others.split(",")), code)
        for name, adjective, tz, groups, others, code in rows
    )


PLACES = _places()
ADJECTIVES = {place.name: place.adjective for place in PLACES if place.adjective} | {
    "Europe": "European", "EU": "EU", "US": "US", "Asia": "Asian", "Nordics": "Nordic", "Africa": "African",
}  # fmt: skip


def vocabulary(rng: Rng, least: int = 2, most: int = 8) -> Vocabulary:
    """Return a vocabulary of `least` to `most` regions that no other draw repeats."""
    size = int(rng.integers(least, most + 1))
    taken: set[str] = set()
    regions: list[dict[str, Any]] = []
    places = list(rng.permutation(len(PLACES)))
    while len(regions) < size:
        fields = _invented(rng) if chance(rng, 0.25) or not places else _real(PLACES[int(places.pop())], rng)
        names = {fields["id"].lower(), *(name.lower() for name in fields["names"])}
        if not names & taken:
            taken |= names
            regions.append(fields)
    if chance(rng, 0.3):
        _group(regions, rng)
    return Vocabulary.model_validate({"regions": regions, **_others(rng)})


def _real(place: Place, rng: Rng) -> dict[str, Any]:
    number = int(rng.integers(1, 4))
    cloud = f"{one(rng, ['eu', 'us', 'ap', 'az'])}-{one(rng, ['north', 'south', 'central', 'west', 'east'])}-{number}"
    city = one(rng, place.others)
    ids = [place.code, place.code, place.code, cloud, f"{city[:3].lower()}{number}", city.lower().replace(" ", "-")]
    others = [str(name) for name in rng.permutation(list(place.others))[: rng.integers(0, 4)]]
    names = [place.name, *others] if chance(rng, 0.9) else [city]
    groups = [group for group in place.groups if chance(rng, 0.7)]
    return {"id": one(rng, ids), "zone": place.code.upper(), "names": list(dict.fromkeys(names)), "groups": groups,
            "tz": place.tz}  # fmt: skip


def _invented(rng: Rng) -> dict[str, Any]:
    names = [name(rng).capitalize() for _ in range(int(rng.integers(0, 2)))]
    if chance(rng, 0.3):
        names.append(one(rng, _WORDS))
    groups = [one(rng, _GROUPS)] if chance(rng, 0.3) else []
    return {"id": code(rng), "zone": f"Z{int(rng.integers(1, 99))}", "names": names, "groups": groups,
            "tz": one(rng, PLACES).tz}  # fmt: skip


def _group(regions: list[dict[str, Any]], rng: Rng) -> None:
    """Put some of the regions into one group of an invented name."""
    group = one(rng, _GROUPS)
    for region in regions:
        if chance(rng, 0.5) and group not in region["groups"]:
            region["groups"].append(group)


def _others(rng: Rng) -> dict[str, Any]:
    """Return teams, customers and tags; a name is of one kind only."""
    taken: set[str] = set()

    def draw(known: list[str], most: int) -> list[str]:
        found = []
        for _ in range(int(rng.integers(1, most + 1))):
            drawn = one(rng, known) if chance(rng, 0.75) else name(rng)
            if drawn not in taken:
                taken.add(drawn)
                found.append(drawn)
        return found

    return {"tags": draw(list(TAGS), 8), "teams": draw(TEAMS, 6), "customers": draw(CUSTOMERS, 5)}


def name(rng: Rng) -> str:
    """Return an invented name of two or three syllables."""
    return "".join(one(rng, _SYLLABLES) for _ in range(int(rng.integers(2, 4))))


def code(rng: Rng) -> str:
    """Return an invented code of a site."""
    letters = "abcdefghkmnpqrstvwxyz"
    short = "".join(one(rng, letters) for _ in range(3))
    return one(rng, _CODES).format(n=int(rng.integers(1, 30)), c=one(rng, letters), s=short, S=short.upper())
