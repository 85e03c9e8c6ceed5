"""Lithuanian names and words of which sample people and companies are made."""

from __future__ import annotations

from dataclasses import dataclass

MEN = (
    "Jonas", "Tomas", "Darius", "Mantas", "Andrius", "Paulius", "Marius", "Kęstutis", "Vytautas",
    "Rimantas", "Algirdas", "Giedrius", "Saulius", "Linas", "Arūnas", "Edvinas", "Julius", "Rokas",
)  # fmt: skip
WOMEN = (
    "Rūta", "Eglė", "Ieva", "Laura", "Asta", "Vilma", "Daiva", "Jurgita", "Rasa", "Kristina",
    "Živilė", "Gintarė", "Aušra", "Monika", "Simona", "Birutė", "Lina", "Inga",
)  # fmt: skip
SURNAMES = (
    "Kazlauskas", "Petrauskas", "Jankauskas", "Stankevičius", "Butkus", "Kairys", "Paulauskas",
    "Žukauskas", "Balčiūnas", "Urbonas", "Navickas", "Ramanauskas", "Savickas", "Kavaliauskas",
    "Pocius", "Baranauskas", "Šimkus", "Černiauskas", "Mockus", "Rimkus", "Gudaitis", "Adomaitis",
)  # fmt: skip
FOREIGN_FIRST = ("John", "Anna", "Peter", "Maria", "Erik", "Sofia", "Hans", "Julia")
FOREIGN_LAST = ("Example", "Samplesson", "Mustermann", "Testowski", "Exempelius", "Probe")
FOREIGN_COMPANIES = ("Nordic Sample", "Baltic Example", "Muster Logistik", "Test Handel")
REGIONS = ("Vilnius", "Kaunas", "Klaipėda", "Šiauliai", "Panevėžys", "Alytus", "Utena")
STREETS = ("Pavyzdžio", "Bandymų", "Išgalvotoji", "Mėginio")
ROOTS = (
    "Neries", "Nemuno", "Baltijos", "Aukštaitijos", "Žemaitijos", "Dzūkijos", "Gintaro", "Vilnijos",
    "Kuršių", "Ąžuolų", "Beržų", "Saulės", "Perkūno", "Vėtros", "Pajūrio", "Rasos", "Uosto",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sector:
    key: str
    code: str
    """EVRK 2.1 class."""
    weight: int
    words: tuple[str, ...]


SECTORS = (
    Sector("transport", "49.41", 16, ("transportas", "kroviniai", "logistika")),
    Sector("construction", "41.00", 16, ("statyba", "stogai", "projektai")),
    Sector("wholesale", "46.90", 16, ("prekyba", "didmena", "tiekimas")),
    Sector("manufacturing", "10.00", 14, ("gamyba", "baldai", "maistas")),
    Sector("it", "62.10", 14, ("sistemos", "programos", "duomenys")),
    Sector("agriculture", "01.10", 10, ("ūkis", "grūdai", "sodai")),
    Sector("catering", "56.11", 8, ("virtuvė", "kavinės", "pietūs")),
    Sector("health", "86.21", 6, ("klinika", "sveikata", "vaistinės")),
)


def woman_surname(surname: str, *, married: bool) -> str:
    """The form of a man's surname that a woman bears: Kazlauskas, Kazlauskienė, Kazlauskaitė."""
    endings = {"ius": "iūtė", "as": "aitė", "is": "ytė", "ys": "ytė", "us": "utė"}
    for ending, unmarried in endings.items():
        if surname.endswith(ending):
            stem = surname.removesuffix(ending)
            return stem + ("ienė" if married else unmarried)
    return surname
