"""The jobs: what each kind of node is to do. The job of a stage stands in ``training``.

``hashed_data`` is the plain data that a node's key is made of; the fields hold the live components that it describes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from xfer.attackers.base import Attacker
from xfer.forms.sheet import form_facts
from xfer.models.base import Model
from xfer.models.smoothing.settings import Vote
from xfer.readers.base import Reader, Source

HashedData = dict[str, Any]  # plain data, with lists in place of tuples: equal to what is read back from JSON


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one node is to do. A job is pickled as a whole where another process does it."""

    kind: ClassVar[str]
    label: str  # for people; not hashed
    seed: int | None = None  # of the random numbers of the work

    def hashed_data(self) -> HashedData:
        """Everything that decides the result besides the seed and the parents."""
        raise NotImplementedError


@dataclass(frozen=True)
class RowForm:
    """The form of a reader's rows, with the reader's labels and options."""

    name: str
    labels: tuple[str, ...]
    options: Mapping[str, Any]

    def hashed_data(self) -> HashedData:
        return {"form": self.name, "labels": list(self.labels), "options": dict(self.options)}


@dataclass(frozen=True)
class ModelState:
    """The recipe's model, and the revision of its weights; unresolved where nobody could tell it."""

    model: Model
    revision: Any = None
    resolved: bool = True

    def hashed_data(self) -> HashedData:
        return {"model": self.model.identity()} | ({"at": self.revision} if self.resolved else {})


@dataclass(frozen=True, kw_only=True)
class NetworkJob:
    """The network that a node asks: one task of a finished stage, or of the model as it is."""

    task: str
    form: RowForm
    role: str = "selected"  # the checkpoint: selected or oracle
    max_length: int | None = None  # subwords an input, where nothing was trained on such rows
    model: ModelState | None = None  # where no stage was trained

    def hashed_data(self) -> HashedData:
        return {"task": self.task, **self.form.hashed_data()}


@dataclass(frozen=True, kw_only=True)
class AttackerInputs:
    """What an attacker reads besides rows and a victim, as it is now."""

    files: Any = None  # digests of its lists
    models: Mapping[str, Any] = field(default_factory=dict)  # name -> revision
    protected_words: str | None = None  # digest of the file
    segmenter: str | None = None  # what finds words in scripts without spaces, where that decides the result

    def hashed_data(self) -> HashedData:
        data: HashedData = {} if self.files is None else {"at": self.files}
        data |= {"models": dict(self.models)} if self.models else {}
        data |= {} if self.protected_words is None else {"protected": self.protected_words}
        return data | ({} if self.segmenter is None else {"words": self.segmenter})


@dataclass(frozen=True, kw_only=True)
class WorldJob(Job):
    """Writes parts of the miniature world."""

    kind: ClassVar[str] = "world"
    version: int
    parts: tuple[str, ...]

    def hashed_data(self) -> HashedData:
        return {"world": self.version, "parts": list(self.parts)}


@dataclass(frozen=True, kw_only=True)
class DataJob(Job):
    """Reads the rows of one split. ``pool`` are the languages whose rows are candidates for every query."""

    kind: ClassVar[str] = "data"
    reader: Reader
    source: Source
    split: str
    languages: tuple[str, ...]
    pool: tuple[str, ...]
    is_pool_shared: bool
    rows: int | None  # at most, of each language
    revision: Any  # of the data set

    def hashed_data(self) -> HashedData:
        data: HashedData = {
            "reader": self.reader.identity(),
            "source": self.source,
            "split": self.split,
            "rows": self.rows,
        }
        data |= {"languages": list(self.languages), "at": self.revision}
        return data | ({"pool": list(self.pool)} if self.is_pool_shared else {})


@dataclass(frozen=True, kw_only=True)
class AttackJob(Job):
    """Changes the text of rows: of a test all, of a training set a ``share``."""

    kind: ClassVar[str] = "attack"
    attacker: Attacker
    form: RowForm
    inputs: AttackerInputs
    language: str | None = None  # that queries are spoken in, where it is not that of their row
    victim: NetworkJob | None = None  # of a search
    tagger: NetworkJob | None = None  # the stage that tells parts of speech, if a search asks one
    share: float | None = None

    def hashed_data(self) -> HashedData:
        data: HashedData = {"attacker": self.attacker.identity()} | self.inputs.hashed_data()
        data |= self.victim.hashed_data() if self.victim else {}
        if self.victim and self.victim.model:
            data |= self.victim.model.hashed_data() | {"max_length": self.victim.max_length}
        if self.victim and form_facts(self.form.name).searches_pool:
            data["candidates"] = "kept"  # those with the id of a query were once overwritten by it: other results
        data |= {"tagger": self.tagger.hashed_data()} if self.tagger else {}
        data |= {"language": self.language} if self.language else {}
        return data | ({} if self.share is None else {"share": self.share})


@dataclass(frozen=True)
class ProbeJob:
    """A linear probe: the weight of its squared norm, and the form of the rows that it answers."""

    l2: float
    form: RowForm

    def hashed_data(self) -> HashedData:
        return {"l2": self.l2, **self.form.hashed_data()}


@dataclass(frozen=True, kw_only=True)
class PredictJob(Job):
    """Answers rows with a network, by a vote over noisy copies, or by a linear probe of the network's vectors."""

    kind: ClassVar[str] = "predict"
    network: NetworkJob
    smoothing: Vote | None
    probe: ProbeJob | None = None

    def hashed_data(self) -> HashedData:
        network = self.network
        data: HashedData = {"role": network.role, **network.hashed_data()}
        data |= network.model.hashed_data() if network.model else {}
        data |= {} if network.max_length is None else {"max_length": network.max_length}
        if self.smoothing:
            data["smoothing"] = self.smoothing.model_dump(mode="json", exclude={"at"})
        if self.probe:
            data["probe"] = self.probe.hashed_data()
        return data


@dataclass(frozen=True, kw_only=True)
class ScoreJob(Job):
    """Scores predictions."""

    kind: ClassVar[str] = "score"
    form: RowForm
    smoothing: Vote | None

    def hashed_data(self) -> HashedData:
        return self.form.hashed_data() | ({"at": list(self.smoothing.at)} if self.smoothing else {})


@dataclass(frozen=True, kw_only=True)
class ReportJob(Job):
    """Draws the tables of a recipe, whose name is the label. ``hashed_data`` is what ``reports`` reads of it."""

    kind: ClassVar[str] = "report"
    seeds: tuple[int, ...]
    evaluations: Mapping[str, Mapping[str, Any]]  # in the order of the recipe
    tables: list[dict[str, Any]]
    benchmark: Mapping[str, Any] | None
    against: str | None  # the publication whose scores are laid beside
    notes: tuple[str, ...]
    discriminators: list[dict[str, str]]

    def hashed_data(self) -> HashedData:
        data: HashedData = {"name": self.label, "seeds": list(self.seeds), "order": list(self.evaluations)}
        data |= {"evaluations": dict(self.evaluations), "tables": self.tables}
        data |= {"benchmark": self.benchmark, "against": self.against}
        data |= {"notes": list(self.notes)} if self.notes else {}
        return data | ({"discriminators": self.discriminators} if self.discriminators else {})
