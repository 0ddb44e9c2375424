"""The database's shape, as a list of steps forward. A step that has been released is never edited: add the next one."""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database, Migrations

migrate = Migrations("carebot")


@migrate(name="0001_first_house")
def first_house(db: Database) -> None:
    """Times are whole milliseconds since 1970 in UTC where they are searched, ISO text inside documents (`doc`, JSON)."""
    messages = db.table("messages")
    messages.create(
        {
            "id": str,
            "source": str,
            "brand": str,
            "author": str,
            "author_name": str,
            "author_key": str,
            "lang": str,
            "text": str,
            "posted_at": int,
            "seen_at": int,
            "by_brand": int,
            "direct": int,
            "in_reply_to": str,
            "conversation": str,
            "repost_of": str,
            "url": str,
            "region": str,
            "audience": int,
            "stars": int,
            "fingerprint": int,
            "deleted_at": int,
        },
        pk="id",
    )
    messages.create_index(["posted_at"])
    db.table("signals").create(
        {"id": str, "kind": str, "brand": str, "service": str, "posted_at": int, "counted": int, "doc": bytes}, pk=("id", "kind")
    )
    db.table("signals").create_index(["posted_at"])
    db.table("incidents").create(
        {"id": str, "brand": str, "service": str, "phase": str, "opened_at": int, "resolved_at": int, "doc": bytes}, pk="id"
    )
    db.table("cases").create(
        {"id": str, "source": str, "author_key": str, "opened_at": int, "last_at": int, "due_at": int, "met_at": int, "doc": bytes}, pk="id"
    )
    db.table("cases").create_index(["last_at"])
    db.table("profiles").create({"cell": str, "doc": bytes}, pk="cell")
    db.table("memory").create({"key": str, "doc": bytes}, pk="key")
    db.table("cursors").create({"source": str, "cursor": str, "at": int}, pk="source")
    db.table("quarantine").create({"n": int, "source": str, "item": str, "reason": str, "at": int}, pk="n")
    db.table("alerts").create(
        {"id": str, "at": int, "reason": str, "incident": str, "case_id": str, "rules": str, "muted": str, "doc": bytes}, pk="id"
    )
    db.table("outbox").create(
        {"n": int, "id": str, "incident": str, "destination": str, "state": str, "next_at": int, "ref": str, "doc": bytes}, pk="n"
    )
    db.table("outbox").create_index(["id"], unique=True)
    db.table("outbox").create_index(["state", "next_at"])
    db.table("outbox").create_index(["incident"])
    db.table("rules").create({"fingerprint": str, "text": str, "at": int}, pk="fingerprint")
    db.table("counters").create({"name": str, "n": int}, pk="name")


@migrate(name="0002_the_desk_teaches")
def the_desk_teaches(db: Database) -> None:
    db.table("labels").create(
        {"message": str, "question": str, "answer": str, "by": str, "at": int, "alone": int}, pk=("message", "question")
    )


@migrate(name="0003_what_became_of_it")
def what_became_of_it(db: Database) -> None:
    messages = db.table("messages")
    messages.add_column("heard_from", str)  # the source's name in the rules file, which can be asked what became of the message
    messages.add_column("checked_at", int)
    messages.create_index(["heard_from", "checked_at"])
    db.table("gaps").create({"source": str, "from_at": int, "to_at": int, "why": str, "at": int}, pk=("source", "from_at"))


@migrate(name="0004_who_pressed_what")
def who_pressed_what(db: Database) -> None:
    db.table("audit").create({"n": int, "id": str, "at": int, "doc": bytes, "words": str, "mac": str}, pk="n")
    db.table("audit").create_index(["id"], unique=True)
    kept = "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"
    db.conn.execute(f"CREATE TRIGGER audit_stays BEFORE DELETE ON audit {kept}")
    db.conn.execute(f"CREATE TRIGGER audit_as_written BEFORE UPDATE OF n, id, at, doc, mac ON audit {kept}")
    db.table("answers").create({"n": int, "at": int, "doc": bytes}, pk="n")  # what a person who pressed a button is still to be told


@migrate(name="0005_who_is_quoted")
def who_is_quoted(db: Database) -> None:
    """Which messages are quoted on which card; and each alert that is no incident's is a thread of its own, found like those."""
    db.table("quoted").create({"message": str, "thread": str, "destination": str}, pk=("message", "thread", "destination"))
    db.conn.execute("UPDATE outbox SET incident = json_extract(doc, '$.alert.alert') WHERE incident = ''")
    db.conn.execute(
        "INSERT OR IGNORE INTO quoted SELECT said.value, incident, destination FROM outbox, json_each(doc, '$.alert.messages') AS said"
        " WHERE state IN ('sending', 'sent') AND said.key < 3"
    )


@migrate(name="0006_a_case_has_several_clocks")
def a_case_has_several_clocks(db: Database) -> None:
    """One clock became several, and the ids of what was said became lines of a history. A case is on the desk until it is closed."""
    cases = db.table("cases")
    cases.add_column("waiting_since", int)
    cases.add_column("closed_at", int)
    for id_, doc in db.conn.execute("SELECT id, doc FROM cases").fetchall():
        db.conn.execute("UPDATE cases SET doc = ? WHERE id = ?", [json.dumps(_with_clocks(json.loads(doc))).encode(), id_])
    db.conn.execute("UPDATE cases SET waiting_since = opened_at WHERE met_at IS NULL AND due_at IS NOT NULL")
    quiet = 3 * 86_400_000
    latest = "(SELECT max(last_at) FROM cases)"
    db.conn.execute(f"UPDATE cases SET closed_at = last_at + {quiet} WHERE due_at IS NULL AND last_at < {latest} - {quiet}")  # noqa: S608
    db.conn.execute(
        "UPDATE cases SET doc = CAST(json_set(doc, '$.closed_at', strftime('%Y-%m-%dT%H:%M:%SZ', closed_at / 1000, 'unixepoch')) AS BLOB)"
        " WHERE closed_at IS NOT NULL"
    )
    cases.create_index(["author_key"])
    cases.create_index(["closed_at"])


def _with_clocks(doc: dict[str, Any]) -> dict[str, Any]:
    said = doc.pop("messages", ())
    lines = [{"id": id_, "at": doc["last_at" if n else "opened_at"], "what": "wrote" if n else "asked"} for n, id_ in enumerate(said)]
    clock = doc.pop("clock", None)
    if clock:
        breached, warned = clock.pop("breached", False), clock.get("warned", False)
        clock["warn_at"] = [] if warned or breached else [clock["warn_at"]]
        if breached:
            clock["breached_at"] = clock["due_at"]
    return {**doc, "history": lines, "clocks": [clock] if clock else [], "returns": [doc["opened_at"]]}


@migrate(name="0007_what_customers_are_told")
def what_customers_are_told(db: Database) -> None:
    db.table("statements").create(
        {"id": str, "incident": str, "state": str, "expires_at": int, "said_at": int, "next_update_at": int, "doc": bytes}, pk="id"
    )
    db.table("statements").create_index(["state"])
    db.table("statements").create_index(["incident"])


@migrate(name="0008_a_case_is_found_by_its_handle")
def a_case_is_found_by_its_handle(db: Database) -> None:
    cases = db.table("cases")
    cases.add_column("handle", str)  # in lower case: how a reply names who it is for
    for id_, doc in db.conn.execute("SELECT id, doc FROM cases").fetchall():
        db.conn.execute("UPDATE cases SET handle = ? WHERE id = ?", [str(json.loads(doc).get("author", "")).lower(), id_])
    cases.create_index(["handle"])


@migrate(name="0009_when_a_channel_got_a_new_message")
def when_a_channel_got_a_new_message(db: Database) -> None:
    db.table("outbox").add_column("opened_at", int)  # null: it did not, or not by this one; or before this step, and long ago
    db.conn.execute("CREATE INDEX idx_outbox_opened_at ON outbox (opened_at) WHERE opened_at IS NOT NULL")


@migrate(name="0010_what_is_old_loses_its_words")
def what_is_old_loses_its_words(db: Database) -> None:
    """What still has words or names, by age: what has none any more is not looked through again."""
    db.conn.execute("CREATE INDEX messages_with_words ON messages (posted_at) WHERE deleted_at IS NULL")
    db.conn.execute("CREATE INDEX cases_with_names ON cases (closed_at) WHERE author_key != ''")
    db.conn.execute("CREATE INDEX alerts_of_cases ON alerts (case_id) WHERE case_id IS NOT NULL")


@migrate(name="0011_each_day_is_a_row")
def each_day_is_a_row(db: Database) -> None:
    for (doc,) in db.conn.execute("SELECT doc FROM memory WHERE key = 'memory'").fetchall():
        memory = json.loads(doc)
        days = {f"day:{name}": day for name, day in memory.pop("days", {}).items()}
        for key, value in {"memory": memory, **days}.items():
            db.conn.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", [key, json.dumps(value).encode()])
