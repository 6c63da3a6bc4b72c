"""Public holidays by region: the only door to the `holidays` package.

That is large: nothing of it is read before a centre file names a region.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.flows.problem import Guesser

if TYPE_CHECKING:
    from holidays import HolidayBase


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """The public holidays of some regions, such as `GB-ENG`: call it with a year for the dates."""

    regions: tuple[str, ...]

    def __call__(self, year: int) -> frozenset[date]:
        """Return the dates of that year, with the days on which those that fall on a weekend are made up for."""
        return frozenset().union(*(_dates(region, year) for region in self.regions))


def region_of(text: str) -> str:
    """Accept `GB`, or `GB-ENG`: ISO 3166, a country or one of its parts; raises ValueError with a guess."""
    code, dash, part = text.partition("-")
    countries = _countries()
    if code not in countries:
        guess = _alpha_2().get(code.upper()) or Guesser(countries).nearest(code.upper())
        meant = f"{guess}{dash}{part.upper()}" if guess else ""
        raise ValueError(f'"{text}" is no region whose holidays are known: {_advice(meant)}')
    parts = _parts(countries[code])
    if dash and part not in parts:
        nearest = Guesser(sorted(parts)).nearest(part.upper()) or Guesser(_named_parts(countries[code])).nearest(part)
        guess = _named_parts(countries[code]).get(nearest or "", nearest)
        advice = _advice(f"{code}-{guess}" if guess else "", f"{code} has {_listing(parts, code)}")
        raise ValueError(f'"{text}" is no region whose holidays are known: {advice}')
    return text


def _advice(meant: str, otherwise: str = "write for example GB-ENG or ES") -> str:
    """Return what to do."""
    return f'did you mean "{meant}"?' if meant else otherwise


def _listing(parts: tuple[str, ...], code: str) -> str:
    """Name the parts of a country, or say that there are none."""
    return ", ".join(f"{code}-{part}" for part in parts) or "no parts"


@cache
def _dates(region: str, year: int) -> frozenset[date]:
    """Return one region's dates of one year."""
    code, _, part = region.partition("-")
    found = _kind(_countries()[code])(subdiv=part or None, years=year, expand=False)
    return frozenset(found)


@cache
def _countries() -> Mapping[str, str]:
    """Return each country's two letters with the module that knows it."""
    from holidays.registry import COUNTRIES  # noqa: PLC0415 - only where a region is named

    return {codes[1]: module for module, codes in COUNTRIES.items()}


@cache
def _alpha_2() -> Mapping[str, str]:
    """Return a country's two letters by its other codes and names: GBR, UK."""
    from holidays.registry import COUNTRIES  # noqa: PLC0415

    return {other.upper(): codes[1] for codes in COUNTRIES.values() for other in (codes[0], *codes[2:])}


@cache
def _kind(module: str) -> "type[HolidayBase]":
    """Return the record that knows a country's holidays.

    Its own file is read alone: the usual import would read those of all countries before it.
    """
    from holidays import registry  # noqa: PLC0415

    file = Path(registry.__file__).parent / "countries" / f"{module}.py"
    spec = spec_from_file_location(f"{__name__}.{module}", file)
    assert spec is not None  # noqa: S101 - for mypy: the registry names files that are there
    assert spec.loader is not None  # noqa: S101
    country = module_from_spec(spec)
    spec.loader.exec_module(country)
    found: type[HolidayBase] = getattr(country, registry.COUNTRIES[module][0])
    return found


def _parts(module: str) -> tuple[str, ...]:
    """Return the codes of a country's parts."""
    return tuple(_kind(module).subdivisions)


def _named_parts(module: str) -> Mapping[str, str]:
    """Return the codes of a country's parts by their names."""
    return dict(getattr(_kind(module), "subdivisions_aliases", {}))
