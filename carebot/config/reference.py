"""docs/reference/rules.md, made from the schema so that the page and the program never disagree (a test holds them equal).

The examples below, one after the other, are a whole rules file; a test reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from carebot.config.load import schema

EXAMPLES = {
    "brand": """
brand:
  name: Banco Lumbre
  also_called: [Lumbre]
  accounts:
    x: [BancoLumbre, LumbreResponde]
  compare_with: { Banco Faro: [Faro, BancoFaro] }
  languages: [es, en]
  time_zone: Europe/Madrid
  staff_language: es
""",
    "services": """
services:
  app:
    name: { es: la app, en: the app }
    words: [app, aplicación, mobile banking]
    core: true
    depends_on: [Example Cloud/eu-west-1]
    statement:
      es: Sabemos que la app está fallando. Volvemos a informar aquí en 30 minutos.
      en: We know that the app is failing. Next update here in 30 minutes.
""",
    "sources": """
sources:
  - name: inbox
    kind: jsonl
    path: inbox.jsonl
    every: 10s
  - name: x-mentions
    kind: x
    query: "(@zenco OR zenco) -is:retweet"
    token: x-bearer
    budget: { posts_a_day: 5000, money_a_month: 600 }
  - name: card-scheme-forum
    kind: feed
    url: https://forum.example.com/cards.rss
    brand: Example Cards
    control: true
""",
    "rules": """
rules:
  - name: app-is-down
    when: outage
    services: [app]
    route: desk
    matches:
      - La app no funciona desde esta mañana
      - The app is down again
    ignores:
      - Me gusta la app nueva
""",
    "promises": """
promises:
  - name: x-in-half-an-hour
    sources: [x]
    first_response: 30m
    open: mon-fri 08:00-20:00, sat 10:00-14:00
    warn_at: 70%
  - name: people-first
    for: [moment, fraud]
    first_response: 10m
    next_response: 10m
    resolution: 8h
    open: mon-sun 08:00-22:00, holidays 10:00-20:00
    time_zone: Europe/Madrid
    warn_at: [50%, 80%]
""",
    "holidays": """
holidays:
  country: ES
  region: MD
  also: [05-15, 11-09, 12-24]
  except: [10-12]
""",
    "cases": """
cases:
  quiet: 3d
  reopen_within: 14d
  soon: 24h
""",
    "same_person": """
same_person:
  - accounts: { x: ana_x, app_store: ana77 }
    because: She told us so in a direct message on 2 November 2026
""",
    "incidents": """
incidents:
  people: 3
  false_alarms_a_month: 1
  route: desk
""",
    "calendar": """
calendar:
  - name: payday
    on: [day 28, last working day]
    services: [app]
    factor: learn
  - name: sale
    on: [2026-11-27 18:00 to 2026-11-30 24:00]
    hours: [08:00-24:00]
    factor: 2.5
""",
    "routes": """
routes:
  desk:
    slack: "#atencion-clientes"
    quiet: mon-sun 22:00-08:00
    digest: mon-fri 09:00
    escalate: [{ after: 5m, to: leads }]
  leads:
    slack: "#responsables"
    at_least: 1
    services: [app]
    reasons: [confirmed, severity_up]
""",
    "roles": """
roles:
  act: [U024BE7LH, U0LUIS002, W012A3CDE]
  publish: [U024BE7LH, W012A3CDE]
""",
    "privacy": """
privacy:
  keep_texts: 90d
""",
    "classifier": """
classifier:
  tier: full
  model: /var/lib/carebot/models/tone
  device: cpu
  labels: { bad: negative, so-so: neutral, good: positive }
  budget: 2s
  memory_mb: 2048
""",
    "fallback": """
fallback: [pager, desk-mail]
""",
    "heartbeat": """
heartbeat: check-url
""",
    "statements": """
statements:
  approvals: 2
  expire_after: 30m
  next_update: 30m
  publish: false
  languages: [es]
  resolved:
    es: Los problemas con {service} están resueltos. Gracias por la paciencia.
    en: The problems with {service} are over. Thank you for your patience.
""",
    "silences": """
silences:
  - services: [app]
    until: 2026-12-01T06:00+01:00
    owner: Lucía, banca digital
    because: Mantenimiento anunciado a los clientes
""",
}

_OPENING = """# rules.yaml, key by key

This page is made from the program: every key there is, and no other. After each change run `carebot check`; it shows every problem at
once, with its line and what to write instead, and tries the sentences under `matches` and `ignores`. An editor that knows YAML
completes keys and checks while you type if the first line of the file is `# yaml-language-server: $schema=docs/rules.schema.json`.

- A value is read as it is written: `no`, `9:30` and `0123` are texts. Only `true`, `false` and plain numbers are more than that.
- Put quotes around a text that has `: ` or ` #` in it, or begins with one of ``@ * & ! % ` [ {``.
- A length of time is a number and a unit: `30s`, `15m`, `4h`, `2d`. A share is a whole number and `%`: `80%`.
- Never write a token, key or password here, nor in a comment: write the name of a credential.
"""


def page() -> str:
    """The reference page, as Markdown."""
    whole = schema()
    parts = [_OPENING]
    for section, about in whole["properties"].items():
        part = _part(about, whole)
        parts.append(f"## {section}\n\n{_sentence(about, part)}\n\n```yaml\n{EXAMPLES[section].strip()}\n```\n")
        if part:
            parts.append(_table(part, whole))
    return "\n".join(parts)


def _sentence(about: dict[str, Any], part: dict[str, Any]) -> str:
    told = about.get("description", "")
    shape = {"array": "A list; each entry is one.", "object": "A group; each key is a name of your own."}.get(about.get("type", ""), "")
    more = part.get("description", "")
    return " ".join(filter(None, ("" if more.startswith(told.rstrip(".")) else told, more, shape)))


def _part(about: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """The model behind a property: its own, its items' or its values'."""
    about = about.get("items") or _values(about) or about
    if "anyOf" in about:
        about = about["anyOf"][0]
    name = about.get("$ref", "").rsplit("/", 1)[-1]
    found: dict[str, Any] = whole["$defs"].get(name, {})
    return found


def _values(about: dict[str, Any]) -> dict[str, Any]:
    """What the keys of a group of one's own names hold."""
    more = about.get("additionalProperties") or {}
    return next(iter(about.get("patternProperties", {}).values()), more)


def _table(part: dict[str, Any], whole: dict[str, Any]) -> str:
    return "\n".join(["| key | what it says | what to write | if left out |", "| --- | --- | --- | --- |", *_rows(part, whole, "")]) + "\n"


def _rows(part: dict[str, Any], whole: dict[str, Any], before: str) -> Iterator[str]:
    needed = part.get("required", ())
    for key, about in part["properties"].items():
        left_out = "must be there" if key in needed else _default(about)
        described = about.get("description", "").replace("|", "\\|")
        yield f"| `{before}{key}` | {described} | {_kind(about, whole)} | {left_out} |"
        if (inner := _part(about, whole)) and about.get("type") != "object":
            yield from _rows(inner, whole, f"{before}{key}.")


def _default(about: dict[str, Any]) -> str:
    match about.get("default"):
        case None | [] | {}:
            return "nothing"
        case bool() as value:
            return f"`{str(value).lower()}`"
        case list() as values:
            return f"`[{', '.join(map(str, values))}]`"
        case value:
            return f"`{value}`"


def _kind(about: dict[str, Any], whole: dict[str, Any]) -> str:
    """What may be written, in words."""
    if "anyOf" in about:
        return " or ".join(_kind(one, whole) for one in about["anyOf"] if one.get("type") != "null")
    if "const" in about:
        return f"`{about['const']}`"
    if "enum" in about:
        return "one of " + ", ".join(f"`{choice}`" for choice in about["enum"])
    if "$ref" in about:
        return "a group"
    pattern = about.get("pattern", "")
    match about.get("type"):
        case "array":
            return f"a list; each: {_kind(about['items'], whole)}"
        case "object":
            return f"names of your own; each: {_kind(_values(about), whole)}"
        case "string" if "smhd" in pattern:
            return "a length of time"
        case "string" if "%" in pattern:
            return "a share"
        case "string" if ":" in pattern:
            return "from and to"
        case "string" if "#" in pattern:
            return "a Slack channel in quotes, or its id"
        case "string" if pattern:
            return "a short name: small letters, digits, `-`, `_`"
        case "string" if "T06:00" in str(about.get("examples")):
            return "a moment with its zone"
        case "integer" | "number" as number:
            what = "a whole number" if number == "integer" else "a number"
            return f"{what} from {about.get('minimum', '…')} to {about.get('maximum', '…')}"
        case "boolean":
            return "`true` or `false`"
    return "a text"
