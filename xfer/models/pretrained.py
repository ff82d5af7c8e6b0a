"""Any Hugging Face encoder, by hub name or local folder, from safetensors only."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from xfer.core.component import INCIDENTAL
from xfer.core.errors import HubUnreachable, MissingPart
from xfer.forms.sheet import Pooling
from xfer.models.base import Model, Origin
from xfer.models.habits import PoolingHabit, read_habit

LARGE_WIDTH = 1024  # of XLM-R large, BERT large and larger ones
LARGE_WORDS = frozenset(("large", "xl", "xxl", "huge"))  # of hub names
TOKENIZER_FILES = (  # one of them is there, or the tokenizer has no vocabulary
    *("tokenizer.json", "tokenizer.model", "sentencepiece.bpe.model", "spiece.model", "spm.model", "vocab.txt"),
    *("sentencepiece.model", "spm_char.model", "prophetnet.tokenizer", "tekken.json", "dict.txt", "vocab.json"),
)
CHARACTER_READERS = ("CanineTokenizer", "ByT5Tokenizer", "PerceiverTokenizer")  # which need no vocabulary
_FILES = ["*.json", "*.safetensors", "*.model", "*.txt"]


@Model.register("pretrained")
class Pretrained(Model):
    """A pretrained encoder. Weights are read from safetensors, never unpickled; no remote code runs."""

    name: str = Field(
        description="a folder, or a hub name such as FacebookAI/xlm-roberta-base, looked up under $XFER_MODELS first"
    )
    commit: str | None = Field(None, description="hub commit to pin; the newest if left out")

    pooling: Pooling | None = Field(
        None,
        description="how one vector is made of a text, for heads of classify and choose and for retrieval that does "
        "not say it; as the model's folder says if left out (sentence-transformers), else as its family's heads do",
        json_schema_extra=INCIDENTAL,  # the form of each task has it in its key
    )

    def _local_folder(self) -> Path | None:
        return next((folder for folder in self._places() if folder.is_dir()), None)

    def _places(self) -> list[Path]:
        """Folders that are looked at before the hub is asked: the name itself, and those of $XFER_MODELS."""
        own, models = Path(self.name).expanduser(), os.environ.get("XFER_MODELS")
        if not models or own.is_absolute() or self.name.startswith((".", "~")):
            return [own]
        return [own, Path(models).expanduser() / self.name, Path(models).expanduser() / own.name]

    def weights_revision(self, digest: Callable[[Path], str], ask: Callable[[str], str]) -> dict[str, str] | None:
        folder = self._local_folder()
        if folder is None:
            if self.name.startswith((".", "/", "~")):
                raise MissingPart(f"model.name is {self.name}, which is not a folder")
            return {"commit": self.commit or self._asked_commit(ask)}
        self._check_folder(folder)
        names = {path for pattern in _FILES for path in folder.glob(pattern) if path.is_file()}
        return {path.name: digest(path) for path in sorted(names)}

    def _asked_commit(self, ask: Callable[[str], str]) -> str:
        """The newest commit on the hub. Raises HubUnreachable, with the folders that would have done as well."""
        try:
            return ask(self.name)
        except HubUnreachable as error:
            looked = ", ".join(map(str, self._places()))
            hint = f"nor is there a folder {looked}; $XFER_MODELS names a folder of models by their hub names"
            raise HubUnreachable(f"{error}; {hint}") from error

    def load_origin(self, texts: Callable[[], Iterable[str]]) -> Origin:
        folder = self._local_folder() or self._download()
        self._check_folder(folder)
        return Origin(folder)

    def _check_folder(self, folder: Path) -> None:
        if not (folder / "config.json").is_file():
            raise MissingPart(f"model {self.name}: {folder} holds no config.json")
        if not any(path.is_file() for path in folder.glob("*.safetensors")):
            what = f"model {self.name} has no safetensors weights, and pickled ones are never loaded"
            raise MissingPart(f"{what}; convert it with save_pretrained in a place you trust")
        if not any((folder / name).is_file() for name in TOKENIZER_FILES) and not _reads_characters(folder):
            what = f"model {self.name}: {folder} holds no tokenizer, so that every word would be unknown"
            raise MissingPart(f"{what}; put one of {', '.join(TOKENIZER_FILES)} there")

    def pooling_habit(self) -> PoolingHabit:
        folder = self._local_folder()
        habit = read_habit(folder) if folder else PoolingHabit()
        if self.pooling:
            return habit._replace(pooling=self.pooling, said=True)
        if folder is None:
            return habit
        if habit.pooling or not (folder / "config.json").is_file():
            return habit
        from xfer.models.heads import folder_reads_forward  # late: imports transformers

        try:
            return habit._replace(pooling="last") if folder_reads_forward(folder) else habit
        except MissingPart:  # which the nodes of this model say
            return habit

    def check_form(self, form: str, labels: Sequence[str], options: Mapping[str, Any]) -> None:
        folder = self._local_folder()
        if folder is not None and (folder / "config.json").is_file():
            from xfer.forms.base import build_form  # late: imports torch
            from xfer.models.heads import check_folder  # late: imports transformers

            check_folder(folder, build_form(form, labels, options))

    def longest_input(self) -> int | None:
        folder = self._local_folder()
        if folder is None or not (folder / "config.json").is_file():
            return None
        from xfer.models.heads import folder_positions  # late: imports transformers

        try:
            return folder_positions(folder)
        except MissingPart:  # which the nodes of this model say
            return None

    def _download(self) -> Path:
        from huggingface_hub import snapshot_download  # late: only a model from the hub needs it

        from xfer.readers import hub

        commit = self.commit or hub.repository_commit(self.name, "model")
        patterns: dict[str, Any] = {"repo_id": self.name, "revision": commit, "allow_patterns": _FILES}
        try:
            with hub.offline_mode(True):
                return Path(snapshot_download(**patterns, local_files_only=True))
        except OSError:
            return Path(snapshot_download(**patterns))

    def is_large(self) -> bool:
        """By the width in a folder's config; of a hub name by its words, so that no key depends on a download."""
        folder = self._local_folder()
        if folder is None:
            return not LARGE_WORDS.isdisjoint(re.split(r"[^a-z0-9]+", self.name.lower()))
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):  # told where the folder is opened
            return False
        widths = [config.get(name) for name in ("hidden_size", "d_model", "dim")] if isinstance(config, dict) else []
        return any(isinstance(width, int) and width >= LARGE_WIDTH for width in widths)

    def parameter_count(self) -> int | None:
        folder = self._local_folder()
        paths = [path for path in folder.glob("*.safetensors") if path.is_file()] if folder else []
        return sum(map(_elements, paths)) if folder else None


def _reads_characters(folder: Path) -> bool:
    """Whether the tokenizer of a folder reads characters or bytes, and so has no file of words."""
    named = []
    for name, field in (("tokenizer_config.json", "tokenizer_class"), ("config.json", "model_type")):
        try:
            raw = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        named.append(raw.get(field) if isinstance(raw, dict) else None)
    return any(name in CHARACTER_READERS or name == "canine" for name in named)


def _elements(path: Path) -> int:
    """The number of values in a safetensors file, from its header alone."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    sizes = 0
    for name, entry in header.items():
        if name != "__metadata__":
            size = 1
            for length in entry["shape"]:
                size *= length
            sizes += size
    return sizes
