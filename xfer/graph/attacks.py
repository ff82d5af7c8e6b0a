"""The node of an attack: rows of a test or of a training set, and what is needed to change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from xfer.attackers.base import Attacker
from xfer.attackers.lexicons.located import located
from xfer.attackers.search.base import Search
from xfer.core.errors import HubUnreachable, MissingPart, XferError
from xfer.graph.compiling import Compiling, form_of
from xfer.graph.node import Node
from xfer.models.pretrained import Pretrained
from xfer.readers.base import Reader
from xfer.recipe.checks.attacked import tagging, tagging_task
from xfer.recipe.checks.lexicons import misfit
from xfer.text.segment import PIECES, segmenter


class Target(NamedTuple):
    """What is attacked: rows of a reader, for whom, and whose head of a finished stage is asked, if any is."""

    what: str  # for notes
    label: str
    reader: Reader
    rows: Node
    victim: Mapping[str, Node]
    task: str


def attack_node(about: Compiling, attacker: Attacker, target: Target, more: Mapping[str, Any] | None = None) -> Node:
    """The rows of ``target`` as ``attacker`` changes them; ``more`` belongs to the node's job."""
    reader = target.reader
    job: dict[str, Any] = {"attacker": attacker.identity()}
    parents = {"rows": target.rows}
    if attacker.searches:
        parents |= target.victim
        job |= {"task": target.task, **form_of(reader, about.recipe.source_of(reader))}
        if reader.form == "retrieve":
            job["candidates"] = "kept"  # those with the id of a query were once overwritten by it: other results
        job |= _tagger(about, attacker)
    read, further, problem = reads(about, attacker, target)
    job |= read | ({"language": reader.query_language} if reader.query_language else {})
    parents |= {"further": further} if further else {}
    spec = {"attacker": attacker, "form": reader.form, "language": reader.query_language}
    node = Node("attack", target.label, job | dict(more or {}), parents, spec=spec, problem=problem)
    return about.graph.add(node)


def reads(about: Compiling, attacker: Attacker, target: Target) -> tuple[dict[str, Any], Node | None, XferError | None]:
    """What an attacker reads besides rows and victim, as a job says it; further rows; what stands against it."""
    reader = target.reader
    problem = misfit(attacker, about.recipe.source_of(reader))
    job: dict[str, Any] = {}
    further = _further(about, attacker, target)
    spoken = (reader.query_language,) if reader.query_language else target.rows.spec["languages"]
    try:
        found = attacker.files(spoken, about.resolver.digest)
        about.told(target.what, attacker, spoken)
        job |= {} if found is None else {"at": found}
        job |= _models(about, attacker) | _protected(about, attacker)
    except XferError as error:
        problem = error
    if attacker.by_words and segmenter() != PIECES:  # the same rows become others with and without it
        job["words"] = segmenter()
    return job, further, problem


def _models(about: Compiling, attacker: Attacker) -> dict[str, Any]:
    """The revisions of the models that an attacker asks besides a victim."""
    digest, ask = about.resolver.digest, about.resolver.ask("model")
    names = (*attacker.models(), *(attacker.constraints.models() if isinstance(attacker, Search) else ()))
    try:
        found = {name: Pretrained(name=name).revision(digest, ask) for name in names}
    except HubUnreachable as error:  # its hint is for the recipe's own model
        what = str(error).partition(";")[0]
        raise MissingPart(f"{what}; go online once, or name a local folder in the attacker") from None
    return {"models": found} if found else {}


def _protected(about: Compiling, attacker: Attacker) -> dict[str, Any]:
    """The content of the file of words that nothing may change."""
    bounds = getattr(attacker, "constraints", None)
    if bounds is None or bounds.protected_file is None:
        return {}
    bounds.words()  # raises where it cannot be read
    return {"protected": about.resolver.digest(located(bounds.protected_file))}


def _tagger(about: Compiling, attacker: Attacker) -> dict[str, Any]:
    """What a job says of that stage."""
    named = tagging(attacker)
    if named is None:
        return {}
    task, reader = tagging_task(named, {n: t.reader for n, t in about.recipe.stages[str(named.stage)].learnt.items()})
    return {"tagger": {"task": task, **form_of(reader, about.recipe.source_of(reader))}}


def _further(about: Compiling, attacker: Attacker, target: Target) -> Node | None:
    """Other rows of the same data set that an attacker takes its changes from."""
    found = attacker.further(target.rows.spec["split"], target.rows.spec["languages"])
    if not found:
        return None
    split, languages = found
    offered = target.reader.offered(about.recipe.source_of(target.reader), split)
    kept = about.kept(f"attacker of {target.what}", languages, offered)
    return about.data(target.reader, split, kept, None)
