"""The node of an attack: rows of a test or of a training set, and what is needed to change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from xfer.attackers.base import Attacker
from xfer.attackers.lexicons.located import located
from xfer.attackers.search.base import Search
from xfer.core.errors import HubUnreachable, MissingPart, XferError
from xfer.graph.compiling import GraphBuilder
from xfer.graph.jobs import AttackerInputs, AttackJob, DataJob, ModelState, NetworkJob, RowForm
from xfer.graph.node import Node
from xfer.graph.training import TrainJob
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
    rows: Node[DataJob]
    victim: Mapping[str, Node[TrainJob]]
    task: str
    model: ModelState | None = None  # that a search asks where no stage was trained


def attack_node(
    builder: GraphBuilder, attacker: Attacker, target: AttackTarget, share: float | None = None
) -> Node[AttackJob]:
    """The rows of ``target``, or a ``share`` of training rows, as ``attacker`` changes them."""
    reader = target.reader
    form = builder.row_form(reader)
    tagger = _tagger_network(builder, attacker)
    inputs, further, problem = attacker_inputs(builder, attacker, target)
    parents = {"rows": target.rows, **(target.victim if attacker.searches else {})}
    parents |= {"further": further} if further else {}
    job = AttackJob(
        label=target.label,
        attacker=attacker,
        form=form,
        inputs=inputs,
        language=reader.query_language,
        victim=_victim_network(target, form) if attacker.searches else None,
        tagger=tagger,
        share=share,
    )
    return builder.graph.add_node(Node(job, parents, problem))


def _victim_network(target: AttackTarget, form: RowForm) -> NetworkJob:
    """The network that a search asks: a task of a stage, or the model as it is at the length that is published."""
    if target.model is None:
        return NetworkJob(task=target.task, form=form)
    return NetworkJob(task=target.task, form=form, model=target.model, max_length=target.reader.published.max_length)


def attacker_inputs(
    builder: GraphBuilder, attacker: Attacker, target: AttackTarget
) -> tuple[AttackerInputs, Node[DataJob] | None, XferError | None]:
    """What an attacker reads besides rows and victim; further rows; what stands against it.

    After an error the inputs are those that were read before it.
    """
    reader = target.reader
    problem = misfit(attacker, builder.recipe.source_of(reader))
    further = _further_rows(builder, attacker, target)
    languages = (reader.query_language,) if reader.query_language else target.rows.job.languages
    # the same rows become others with a segmenter and without it
    segmenter = segmenter_name() if attacker.by_words and segmenter_name() != PIECES else None
    inputs = AttackerInputs(segmenter=segmenter)
    try:
        files = attacker.file_digests(languages, builder.resolver.digest)
        builder.note_attacker(target.what, attacker, languages)
        inputs = replace(inputs, files=files)
        models, protected_words = _model_revisions(builder, attacker), _protected_digest(builder, attacker)
        inputs = replace(inputs, models=models, protected_words=protected_words)
    except XferError as error:
        problem = error
    return inputs, further, problem


def _model_revisions(builder: GraphBuilder, attacker: Attacker) -> dict[str, Any]:
    """The revisions of the models that an attacker asks besides a victim."""
    digest, ask = builder.resolver.digest, builder.resolver.commit_resolver("model")
    names = (*attacker.model_names(), *(attacker.constraints.model_names() if isinstance(attacker, Search) else ()))
    try:
        revisions = {name: Pretrained(name=name).weights_revision(digest, ask) for name in names}
    except HubUnreachable as error:  # its hint is for the recipe's own model
        what = str(error).partition(";")[0]
        raise MissingPart(f"{what}; go online once, or name a local folder in the attacker") from None
    return revisions


def _protected_digest(builder: GraphBuilder, attacker: Attacker) -> str | None:
    """The digest of the file of words that nothing may change, if there is one."""
    constraints = getattr(attacker, "constraints", None)
    if constraints is None or constraints.protected_file is None:
        return None
    constraints.protected_words()  # raises where it cannot be read
    return builder.resolver.digest(located(constraints.protected_file))


def _tagger_network(builder: GraphBuilder, attacker: Attacker) -> NetworkJob | None:
    """The stage that tells an attacker parts of speech, if it asks one."""
    tagger = tagging_stage(attacker)
    if tagger is None:
        return None
    task, reader = tagging_task(
        tagger, {n: t.reader for n, t in builder.recipe.stages[str(tagger.stage)].learnt_tasks.items()}
    )
    return NetworkJob(task=task, form=builder.row_form(reader))


def _further_rows(builder: GraphBuilder, attacker: Attacker, target: AttackTarget) -> Node[DataJob] | None:
    """Other rows of the same data set that an attacker takes its changes from."""
    further_source = attacker.further_split(target.rows.job.split, target.rows.job.languages)
    if not further_source:
        return None
    split, languages = further_source
    offered = builder.offered_languages(target.reader, split)
    kept = builder.kept_languages(f"attacker of {target.what}", languages, offered)
    return builder.data_node(target.reader, split, kept, None)
