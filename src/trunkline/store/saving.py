"""The one statement of a save, made of the parts that it has something for: what is not there costs nothing."""

from collections.abc import Mapping
from functools import cache

from trunkline.store.queries import queries

_PARTS = queries("save")
_ALWAYS = "fence"
_FOR: Mapping[str, tuple[str, ...]] = {
    "agents": ("saved_agents",),
    "interactions": ("saved_interactions",),
    "messages": ("saved_messages",),
    "attached": ("attached",),
    "reads": ("saved_reads",),
    "outgoing": ("saved_outgoing",),
    "opt_outs": ("opted_out", "opted_in"),
    "consents": ("consented",),
    "drafts": ("saved_drafts", "dropped_drafts"),
    "wishes_done": ("wishes_done",),
    "journal": ("written",),
}
"""Which parts write what, in the order in which they stand."""
EVERYTHING = frozenset(_FOR)
# A statement must use all of its arguments: PostgreSQL asks of what type they are.
_END = (
    "SELECT EXISTS (SELECT FROM fence) AS held, "
    "$1::text IS NULL AND $2::text IS NULL AND $3::text IS NULL AND $4::uuid IS NULL AND $6::text IS NULL AS nothing"
)


@cache
def save_statement(what: frozenset[str]) -> str:
    """Return the statement that saves these; arguments and answer are the same for all (sql/save.sql)."""
    names = [_ALWAYS, *(part for each, parts in _FOR.items() if each in what for part in parts)]
    return "WITH " + ", ".join(f"{name} AS ({_PARTS[name]})" for name in names) + _END
