"""What the desk owes its customers, as a support lead writes it: promises, holidays, when a case is over, whose accounts are one person's.

What counts as a holiday is worked out once, when the file is read (`Holidays.days`), so that a later version of the holidays package moves
no deadline that runs; `Terms.version` names all that a deadline was worked out with, and is stored beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from hashlib import blake2b
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

import msgspec
from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, field_validator, model_validator

from carebot.config.calendar import day_of
from carebot.config.parts import Name, Part
from carebot.config.values import Duration, Hours, Sentence, Shares, Words, Zone
from carebot.model import SignalKind

YEARS = range(2015, 2041)  # those whose holidays are worked out
WEEKS = 26  # the longest a promise may take: by then somebody must have had that much open time


def _date(value: Any) -> Any:
    found = re.fullmatch(r"(?:(\d{4})-)?(\d{1,2})-(\d{1,2})", value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError(f"must be a day, not {value!r}. Write 12-24 for every year or 2026-12-24 for one.")
    return day_of(found[1], found[2], found[3], value)


Day = Annotated[tuple[int, int, int], BeforeValidator(_date), WithJsonSchema({"type": "string"})]


class Holidays(Part):
    """On these days the doors are shut, but for the hours that `open` gives for `holidays`."""

    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = Field(
        None, description="Whose public holidays: ES, MX, GB …, as in ISO 3166. Left out: only those below."
    )
    region: Words | None = Field(None, description="A part of the country that has holidays of its own: MD, CT …")
    also: tuple[Day, ...] = Field((), description="Further days: 12-24 (every year), 2026-05-15.")
    except_: tuple[Day, ...] = Field((), alias="except", description="Public holidays on which you are open as on any other day.")

    @cached_property
    def days(self) -> Mapping[date, str]:
        """Every one of them in YEARS, with its name; those of `also` have none. Raises ValueError where there is no such country."""
        found = _public(self.country, self.region) if self.country else {}
        found |= {day: "" for written in self.also for day in _each(written)}
        for written in self.except_:
            days = found.keys() & set(_each(written))
            if not days:
                said = "-".join(f"{part:02}" for part in written if part)
                raise ValueError(f"has no holiday to leave out on {said}. Run carebot check without except: it shows every one.")
            found = {day: name for day, name in found.items() if day not in days}
        return dict(sorted(found.items()))

    @model_validator(mode="after")
    def _worked_out(self) -> Self:
        if self.region and not self.country:
            raise ValueError("has a region but no country. Write country: ES, or whichever it is in.")
        assert self.days is not None
        return self


def _each(written: tuple[int, int, int]) -> list[date]:
    years = [written[0]] if written[0] else [year for year in YEARS if written[1:] != (2, 29) or year % 4 == 0]
    return [date(year, *written[1:]) for year in years]


def _public(country: str, region: str | None) -> dict[date, str]:
    import holidays  # 0.1 s and 19 MB, for those who have any

    known = holidays.list_supported_countries()
    if country not in known:
        raise ValueError(f"has a country that we know no holidays of, {country!r}. Leave it out and write the days below also.")
    if region and region not in known[country]:
        regions = ", ".join(known[country]) or "no regions"
        raise ValueError(f"has a region that {country} does not have, {region!r}. There are: {regions}.")
    return {day: name for day, name in holidays.country_holidays(country, subdiv=region, years=YEARS).items() if day.year in YEARS}


class Promise(Part):
    """How soon customers are answered and helped. Only open time counts."""

    name: Name = Field(description="A name of your own for it.")
    for_: tuple[SignalKind, ...] = Field((), alias="for", description="Only for messages that mean one of these. Left out: for any.")
    first_response: Duration = Field(description="Open time until the first answer.")
    next_response: Duration | None = Field(None, description="Open time until the next answer, when they write again after one.")
    resolution: Duration | None = Field(
        None, description="Open time from the first contact until they say that it is solved. It stands still while we wait for them."
    )
    sources: tuple[Name, ...] = Field((), description="Only on these networks. Left out: on all.")
    open: Hours = Field(
        "always",
        validate_default=True,
        description="When somebody answers: mon-fri 08:00-20:00, sat 10:00-14:00, holidays 10:00-14:00, or always.",
    )
    time_zone: Zone | None = Field(None, description="Where those hours are. Left out: the brand's.")
    holidays: Holidays | None = Field(None, description="Whose holidays. Left out: those of the whole file.")
    warn_at: Shares = Field(
        "80%", validate_default=True, description="The share of the time after which the desk is warned, or several: [50%, 80%]."
    )
    route: Name = Field("desk", description="Who is told: a name from `routes`.")

    @model_validator(mode="after")
    def _comes_due(self) -> Self:
        week = timedelta(minutes=sum(end - start for day in self.open.spans for start, end in day))
        for name in ("first_response", "next_response", "resolution"):
            if (time := getattr(self, name)) and time > week * WEEKS:
                hours = f"{time / timedelta(hours=1):g} open hours for {name}"
                raise ValueError(f"gives {hours}, which take more than half a year. Write a shorter time, or more hours in open.")
        return self


class Cases(Part):
    """When one customer's matter is over."""

    quiet: Duration = Field(timedelta(days=3), description="A case in which nobody has written for so long is closed.")
    reopen_within: Duration = Field(
        timedelta(days=14), description="Who writes of the same matter within this time of its end opens it again, with its history."
    )
    soon: Duration | None = Field(
        None, description='How long "soon" is when we promise something "soon". Left out: it is no promise with a time.'
    )

    @field_validator("quiet")
    @classmethod
    def _some_time(cls, value: timedelta) -> timedelta:
        if not timedelta(hours=1) <= value <= timedelta(days=30):
            raise ValueError("must be from 1h to 30d. Cases that nobody writes in must end one day.")
        return value


# What a customer database has, and a public account has not. Matching one with the other needs the customer's own consent.
RECORDS = frozenset(
    {
        "email", "e-mail", "correo", "phone", "telephone", "tel", "telefono", "mobile", "movil", "customer", "customer_id", "customer-id",
        "client", "client_id", "cliente", "crm", "crm_id", "id", "dni", "nie", "nif", "passport", "pasaporte", "iban", "account", "cuenta",
        "card", "tarjeta", "contract", "contrato", "name", "nombre", "address", "direccion",
    }
)  # fmt: skip
_RECORD = re.compile(r"[^\s@]+@[^\s@]+\.\w+|[+\d][\d .()/-]{5,}|[A-Z]{2}\d{2}[A-Z0-9 ]{8,}|[XYZ]?\d{7,8}-?[A-Z]", re.IGNORECASE)


class Person(Part):
    """A customer who told us themselves which accounts are theirs: what they write with any of them is one case."""

    accounts: dict[Name, Words] = Field(min_length=2, description="Their handle on each network: { x: ana_x, instagram: ana.ruiz }")
    because: Sentence = Field(description="How we know: where and when they told us so.")

    @field_validator("accounts")
    @classmethod
    def _public_accounts_only(cls, value: dict[str, str]) -> dict[str, str]:
        for network, handle in value.items():
            if network in RECORDS or _RECORD.fullmatch(handle.strip()):
                raise ValueError(
                    f"names a customer record, {network!r}, and not an account on a network. Write networks and handles only: "
                    "X and others forbid matching their users with a customer database."
                )
        return value


# ── what a clock needs to know ───────────────────────────────────────────────────────────────────────────────────


class Terms(msgspec.Struct, frozen=True):
    """A promise and all that its deadlines are worked out with.

    off       days on which only the hours for holidays count
    version   another one as soon as any of it is another; stored with each clock
    """

    promise: Promise
    zone: ZoneInfo
    off: frozenset[date]
    version: str


def terms(promises: Sequence[Promise], time_zone: str, holidays: Holidays | None) -> tuple[Terms, ...]:
    """The promises in their order, each in its own zone and with its own holidays, or with the whole file's."""
    return tuple(_terms(promise, promise.time_zone or time_zone, promise.holidays or holidays) for promise in promises)


def _terms(promise: Promise, zone: str, holidays: Holidays | None) -> Terms:
    off = sorted(holidays.days) if holidays else []
    times = (promise.first_response, promise.next_response, promise.resolution, promise.warn_at)
    whole = repr((promise.name, times, promise.open.spans, promise.open.holidays, zone, [day.isoformat() for day in off]))
    return Terms(promise, ZoneInfo(zone), frozenset(off), blake2b(whole.encode(), digest_size=4).hexdigest())


def owed(terms: Sequence[Terms], holidays: Holidays | None, today: date) -> Iterator[str]:
    """What `carebot check` shows: each promise with its version, and the holidays of the next twelve months it knows."""
    until = today + timedelta(days=366)
    known = {"of all": holidays, **{f"of {one.promise.name}": one.promise.holidays for one in terms}}
    for whose, each in known.items():
        if each:
            place = "-".join(filter(None, (each.country, each.region))) or "days of your own"
            days = [f"{day} {name}".strip() for day, name in each.days.items() if today <= day < until]
            opened = [f"open on {day}" for written in each.except_ for day in _each(written) if today <= day < until]
            yield f"holidays {whose} ({place}): {', '.join(days + opened) or 'none in the next year'}"
    for one in terms:
        yield f"promise {one.promise.name}: version {one.version}, in {one.zone.key}, {one.promise.open.text}"
