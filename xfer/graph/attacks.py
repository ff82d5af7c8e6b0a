"""The node of an attack: rows of a test or of a training set, and what is needed to change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from xfer.attackers.base import Attacker
from xfer.attackers.lexicons.located import located
from xfer.attackers.search.base import Search
from xfer.core.errors import HubUnreachable, MissingPart, XferError
from xfer.forms.sheet import form_facts
from xfer.graph.compiling import GraphBuilder, form_job
from xfer.graph.node import Node
from xfer.models.pretrained import Pretrained
from xfer.readers.base import Reader
from xfer.recipe.checks.attacked import tagging_stage, tagging_task
from xfer.recipe.checks.lexicons import misfit
from xfer.text.segment import PIECES, segmenter_name


class AttackTarget(NamedTuple):
    """What is attacked: rows of a reader, for whom, and whose head of a finished stage is asked, if any is."""

    what: str  # for notes
    label: str
    reader: Reader
    rows: Node
    victim: Mapping[str, Node]
    task: str


def attack_node(
    builder: GraphBuilder, attacker: Attacker, target: AttackTarget, extra_job: Mapping[str, Any] | None = None
) -> Node:
    """The rows of ``target`` as ``attacker`` changes them; ``more`` belongs to the node's job."""
    reader = target.reader
    job: dict[str, Any] = {"attacker": attacker.identity()}
    parents = {"rows": target.rows}
    if attacker.searches:
        parents |= target.victim
        job |= {"task": target.task, **form_job(reader, builder.recipe.source_of(reader))}
        if form_facts(reader.form).searches_pool:
            job["candidates"] = "kept"  # those with the id of a query were once overwritten by it: other results
        job |= _tagger_job(builder, attacker)
    input_job, further, problem = attacker_inputs(builder, attacker, target)
    job |= input_job | ({"language": reader.query_language} if reader.query_language else {})
    parents |= {"further": further} if further else {}
    spec = {"attacker": attacker, "form": reader.form, "language": reader.query_language}
    node = Node("attack", target.label, job | dict(extra_job or {}), parents, spec=spec, problem=problem)
    return builder.graph.add_node(node)


def attacker_inputs(
    builder: GraphBuilder, attacker: Attacker, target: AttackTarget
) -> tuple[dict[str, Any], Node | None, XferError | None]:
    """What an attacker reads besides rows and victim, as a job says it; further rows; what stands against it."""
    reader = target.reader
    problem = misfit(attacker, builder.recipe.source_of(reader))
    job: dict[str, Any] = {}
    further = _further_rows(builder, attacker, target)
    languages = (reader.query_language,) if reader.query_language else target.rows.spec["languages"]
    try:
        file_state = attacker.file_digests(languages, builder.resolver.digest)
        builder.told(target.what, attacker, languages)
        job |= {} if file_state is None else {"at": file_state}
        job |= _model_revisions(builder, attacker) | _protected_words(builder, attacker)
    except XferError as error:
        problem = error
    if attacker.by_words and segmenter_name() != PIECES:  # the same rows become others with and without it
        job["words"] = segmenter_name()
    return job, further, problem


def _model_revisions(builder: GraphBuilder, attacker: Attacker) -> dict[str, Any]:
    """The revisions of the models that an attacker asks besides a victim."""
    digest, ask = builder.resolver.digest, builder.resolver.commit_resolver("model")
    names = (*attacker.model_names(), *(attacker.constraints.model_names() if isinstance(attacker, Search) else ()))
    try:
        revisions = {name: Pretrained(name=name).weights_revision(digest, ask) for name in names}
    except HubUnreachable as error:  # its hint is for the recipe's own model
        what = str(error).partition(";")[0]
        raise MissingPart(f"{what}; go online once, or name a local folder in the attacker") from None
    return {"models": revisions} if revisions else {}


def _protected_words(builder: GraphBuilder, attacker: Attacker) -> dict[str, Any]:
    """The content of the file of words that nothing may change."""
    constraints = getattr(attacker, "constraints", None)
    if constraints is None or constraints.protected_file is None:
        return {}
    constraints.protected_words()  # raises where it cannot be read
    return {"protected": builder.resolver.digest(located(constraints.protected_file))}


def _tagger_job(builder: GraphBuilder, attacker: Attacker) -> dict[str, Any]:
    """What a job says of that stage."""
    tagger = tagging_stage(attacker)
    if tagger is None:
        return {}
    task, reader = tagging_task(
        tagger, {n: t.reader for n, t in builder.recipe.stages[str(tagger.stage)].learnt_tasks.items()}
    )
    return {"tagger": {"task": task, **form_job(reader, builder.recipe.source_of(reader))}}


def _further_rows(builder: GraphBuilder, attacker: Attacker, target: AttackTarget) -> Node | None:
    """Other rows of the same data set that an attacker takes its changes from."""
    further_source = attacker.further_split(target.rows.spec["split"], target.rows.spec["languages"])
    if not further_source:
        return None
    split, languages = further_source
    offered = target.reader.offered_languages(builder.recipe.source_of(target.reader), split)
    kept = builder.kept(f"attacker of {target.what}", languages, offered)
    return builder.data(target.reader, split, kept, None)
