"""The only door to the TextAttack package (Morris et al. 2020, EMNLP demos): its import, made safe.

A bare ``import textattack`` (0.3.11) fails beside transformers 5 (through flair), wants data from the
network, writes to ``~/.cache``, switches off every existing logger and changes environment variables.
``load`` imports it once, behind one context that undoes all of that.
"""

from __future__ import annotations

import logging
import logging.config
import os
import random
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, lru_cache
from importlib import import_module, metadata, util
from importlib.machinery import ModuleSpec
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any, NoReturn

TEXTATTACK_VERSION = "0.3.11"
INSTALL_COMMAND = f"pip install --no-deps textattack=={TEXTATTACK_VERSION}"
NLTK_DATA = Path(__file__).with_name("data") / "nltk_data"

# Imported at the top of TextAttack's modules, used by none of the parts that xfer builds on.
REPLACEABLE = (
    *("flair", "bert_score", "language_tool_python", "lemminflect", "OpenHowNet", "pinyin", "langdetect"),
    *("num2words", "word2number", "terminaltables", "requests", "Levenshtein"),
)
SUBMODULES = {"flair": ("flair.data", "flair.models")}
# They read HF_HOME when they are imported, so they must come before TextAttack, which changes it.
IMPORTED_FIRST = ("numpy", "nltk", "torch", "huggingface_hub.constants", "transformers", "datasets")

_lock = RLock()


class TextAttackMissing(Exception):
    """TextAttack, or a package it cannot do without, is not installed; the message is one line."""


def load_textattack() -> ModuleType:
    """The ``textattack`` package, imported on the first call and the same module on every later one.

    Nothing else of the process changes: environment, logging, random states, warnings, NLTK.
    Raises TextAttackMissing if the package is absent, of another version, or wants a package that is absent.
    """
    with _lock:
        loaded = sys.modules.get("textattack")
        if loaded is None:
            _check_installed()
            loaded = _guarded_import()
    return loaded


@cache
def english_stopwords() -> frozenset[str]:
    """xfer's own list of English function words, in lower case: the words that no edit touches."""
    file = NLTK_DATA / "corpora" / "stopwords" / "english"
    return frozenset(file.read_text(encoding="utf-8").split())


@contextmanager
def own_nltk_data() -> Iterator[None]:
    """While it lasts NLTK finds xfer's stop words and downloads nothing; afterwards NLTK is as it was."""
    import nltk  # late: only TextAttack needs it
    from nltk.corpus.util import LazyCorpusLoader

    # NLTK's lazy corpora turn into readers in place: turning them back keeps the user's own data in force.
    corpus = vars(import_module("nltk.corpus"))["stopwords"]
    before = dict(vars(corpus)) if type(corpus) is LazyCorpusLoader else None
    path, download = list(nltk.data.path), nltk.download
    nltk.data.path.insert(0, str(NLTK_DATA))
    nltk.download = lambda *_, **__: False
    try:
        yield
    finally:
        nltk.data.path[:] = path
        nltk.download = download
        if before is not None:
            corpus.__class__, corpus.__dict__ = LazyCorpusLoader, before


def _check_installed() -> None:
    """Raises before any slow import if there is nothing to import."""
    try:
        absent = util.find_spec("textattack") is None
    except (ImportError, ValueError):  # blocked: by an import hook, or by None in sys.modules
        absent = True
    if absent:
        raise TextAttackMissing(f"textattack is not installed; install it with: {INSTALL_COMMAND}")
    try:
        installed = metadata.version("textattack")
    except metadata.PackageNotFoundError:  # a source tree on the path: its user knows what it is
        return
    if installed != TEXTATTACK_VERSION:
        raise TextAttackMissing(
            f"textattack {installed} is installed, but xfer is made for {TEXTATTACK_VERSION}: {INSTALL_COMMAND}"
        )


def _guarded_import() -> ModuleType:
    """TextAttack imported inside all the guards; a failed import leaves no half of it behind."""
    with ExitStack() as guards:
        for guard in (_environment, _logging, _random_states, _silence):
            guards.enter_context(guard())
        try:
            for name in IMPORTED_FIRST:
                import_module(name)
            guards.enter_context(own_nltk_data())
            guards.enter_context(_stand_ins())
            guards.enter_context(_private_cache())
            module = import_module("textattack")
        except ModuleNotFoundError as error:
            _forget("textattack")
            raise TextAttackMissing(f"textattack cannot be imported: {error.name} is not installed") from error
        except BaseException:
            _forget("textattack")
            raise
    _quieten(module)
    _memoise(module)
    return module


@contextmanager
def _environment() -> Iterator[None]:
    """Puts every environment variable back."""
    before = dict(os.environ)
    # Asks the driver and not the CUDA runtime if there is a GPU: a started runtime would forbid a later fork.
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        for name, value in before.items():
            if os.environ.get(name) != value:
                os.environ[name] = value


@contextmanager
def _logging() -> Iterator[None]:
    """Puts root handlers and all levels and ``disabled`` flags back.

    ``dictConfig`` does nothing meanwhile: TextAttack's call closes every handler and disables every logger.
    """
    root, configure = logging.getLogger(), logging.config.dictConfig
    loggers = [root, *(item for item in root.manager.loggerDict.values() if isinstance(item, logging.Logger))]
    state = [(logger, logger.level, logger.disabled, logger.propagate) for logger in loggers]
    handlers, threshold = list(root.handlers), root.manager.disable
    logging.config.dictConfig = lambda _: None  # type: ignore[assignment]
    try:
        yield
    finally:
        logging.config.dictConfig = configure
        root.handlers[:] = handlers
        root.manager.disable = threshold
        for logger, level, disabled, propagate in state:
            logger.setLevel(level)
            logger.disabled, logger.propagate = disabled, propagate


@contextmanager
def _random_states() -> Iterator[None]:
    """Puts the states of the global random generators (``random``, numpy) back."""
    import numpy as np  # late: keeps this module light

    python, numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


@contextmanager
def _silence() -> Iterator[None]:
    """Drops the deprecation warnings of a hundred packages that are imported on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _private_cache() -> Iterator[None]:
    """A temporary cache folder with TextAttack's mark of a finished post-install: no download is tried."""
    home = os.environ.get("TA_CACHE_DIR", os.path.expanduser("~/.cache/textattack"))
    folder = tempfile.mkdtemp(prefix="xfer-textattack-")
    os.environ["TA_CACHE_DIR"] = folder
    Path(folder, "post_install_check_3").touch()
    try:
        yield
    finally:
        for name in ("textattack.shared.utils.install", "textattack.shared.utils"):
            if name in sys.modules:  # what the user downloads later goes where TextAttack says it goes
                vars(sys.modules[name])["TEXTATTACK_CACHE_DIR"] = home
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Stand-ins for the replaceable packages that cannot be imported, gone from ``sys.modules`` afterwards.

    TextAttack's modules keep their references; nobody else mistakes a stand-in for the package.
    """
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in REPLACEABLE}
    added: list[str] = []
    for package in REPLACEABLE:
        if not _importable(package):
            _forget(package)
            added += _install_stand_in(package)
    try:
        yield
    finally:
        for name in added:
            sys.modules.pop(name, None)
            if name in before:  # an import somebody had blocked stays blocked
                sys.modules[name] = before[name]


def _importable(package: str) -> bool:
    """If the real package and the submodules that TextAttack takes from it import without an error."""
    try:
        for name in (package, *SUBMODULES.get(package, ())):
            import_module(name)
    except Exception:  # whatever it is (flair beside transformers 5: ImportError), the stand-in serves
        return False
    return True


def _install_stand_in(package: str) -> list[str]:
    """Puts a stand-in for ``package`` and its submodules in ``sys.modules``; returns the names."""
    names = [package, *SUBMODULES.get(package, ())]
    for name in names:
        sys.modules[name] = StandIn(name)
    for name in names[1:]:
        setattr(sys.modules[package], name.rpartition(".")[2], sys.modules[name])
    return names


class StandIn(ModuleType):
    """A module any name can be imported from; each is a class that says what is missing when it is used."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "Stand-in for a package that is not installed.")
        self.__spec__ = ModuleSpec(name, None)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        package = self.__name__.partition(".")[0]

        def refuse(cls: type, *_: Any, **__: Any) -> NoReturn:
            raise ImportError(f"{self.__name__}.{name} was asked for, but {package} is not installed or not usable")

        stand_in = type(name, (), {"__new__": refuse, "__module__": self.__name__})
        setattr(self, name, stand_in)
        return stand_in


def _forget(package: str) -> None:
    """Takes a half-imported package out of ``sys.modules``."""
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


def _quieten(module: ModuleType) -> None:
    """Drops TextAttack's log lines (it warns about each goal function it does not know) and jieba's."""
    module.shared.utils.logger.handlers[:] = [logging.NullHandler()]
    jieba = sys.modules.get("jieba")
    if jieba is not None:
        jieba.setLogLevel(logging.WARNING)


def _memoise(module: ModuleType) -> None:
    """TextAttack splits a text anew for every word of every candidate: what it found once is kept."""
    target: Any = module.shared.attacked_text
    split = lru_cache(maxsize=1 << 13)(lambda text: tuple(target_split(text)))
    target_split = target.words_from_text
    target.words_from_text = lambda text: list(split(text))
