"""The database's shape, as a list of steps forward. A step that has been released is never edited: add the next one."""

from __future__ import annotations

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
