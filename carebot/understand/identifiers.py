"""Is this number what it claims to be? The check digits of bank accounts and of papers from Spain and Mexico.

What a number is made of comes from python-stdnum, which is loaded with the first number that looks like one.
"""

from __future__ import annotations

# The length of an IBAN by country (SWIFT IBAN registry, release 99).
_REGISTRY = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 "
    "FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 "
    "MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 "
    "SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
)
IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _REGISTRY.split()}


def is_iban(number: str) -> bool:
    """number   letters and digits only, capitals."""
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 == 1


def is_dni(number: str) -> bool:
    """A Spanish DNI or NIE: its last letter follows from its digits."""
    from stdnum.es import dni, nie

    return bool(dni.is_valid(number) or nie.is_valid(number))


def is_curp(number: str) -> bool:
    """A Mexican CURP: date, state and check digit are right."""
    from stdnum.mx import curp

    return bool(curp.is_valid(number))


def is_rfc(number: str, *, sure: bool) -> bool:
    """A Mexican RFC: the date is right, and the check digit too unless one is `sure` (not every RFC in use keeps it)."""
    from stdnum.mx import rfc

    return bool(rfc.is_valid(number, validate_check_digits=not sure))
