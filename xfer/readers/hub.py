"""The Hugging Face hub: what a repository is at, its copy on this machine, and its tables.

Everything that can be missing ends here with one line: what was looked for, where, and what would work offline.
``datasets`` and ``huggingface_hub`` are imported only when the hub is asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xfer.core.errors import HubUnreachable, MissingData

HUB_SECONDS = 1.2  # one cheap question; the hub client's own retries would take over twenty
_silent: set[bool] = set()  # not empty once the hub has not answered: asking again would wait again


def repository_commit(repository: str, kind: str = "dataset") -> str:
    """The commit that ``main`` of a hub repository points to now, or of its newest cached copy.

    Raises HubUnreachable within about HUB_SECONDS, naming the offline way.
    """
    from huggingface_hub import HfApi  # late: only the hub needs its client
    from huggingface_hub.errors import HfHubHTTPError, HTTPError, RepositoryNotFoundError

    forbidden = os.environ.get("HF_HUB_OFFLINE") in ("1", "true", "True", "ON", "YES")
    try:
        if forbidden or _silent:
            raise ConnectionError
        info = HfApi().repo_info(repository, repo_type=kind, timeout=HUB_SECONDS)
        return str(info.sha)
    except RepositoryNotFoundError:
        raise MissingData(f"the hub has no {kind} {repository} that you may read; check the name or log in") from None
    except (OSError, HTTPError, HfHubHTTPError):
        _silent.add(True)
        cached = _cached_commit(repository, kind)
        if cached:
            return cached
    way = {
        "dataset": "use source: mirror with the official files in $XFER_DATA, or --scale miniature",
        "model": "give model.name a local folder, or use --scale miniature",
    }[kind]
    raise HubUnreachable(
        f"cannot reach the Hugging Face hub for the {kind} {repository}, and no copy of it is cached; "
        f"go online once, or {way}"
    )


def _cached_commit(repository: str, kind: str) -> str | None:
    from huggingface_hub.constants import HF_HUB_CACHE

    ref = Path(HF_HUB_CACHE) / f"{kind}s--{repository.replace('/', '--')}" / "refs" / "main"
    return ref.read_text().strip() if ref.is_file() else None


@contextmanager
def offline_mode(wanted: bool) -> Iterator[None]:
    """Inside, the hub client answers from its cache at once instead of retrying for half a minute."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = wanted or before
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def local_copy(repository: str) -> Path | None:
    """The folder that stands in for a hub data set, if $XFER_HUB names a folder of such folders."""
    root = os.environ.get("XFER_HUB")
    if not root:
        return None
    if not (Path(root) / repository).is_dir():
        raise MissingData(f"$XFER_HUB is {root}, which holds no folder {repository}")
    return Path(root) / repository


def load_table(repository: str, config: str | None, split: str, pinned: str | None) -> Any:
    """A hub table through ``datasets``."""
    folder = local_copy(repository)
    revision = None if folder else pinned or repository_commit(repository)
    import datasets  # late: 1.5 s that only the hub needs

    datasets.disable_progress_bars()
    try:
        with offline_mode(bool(folder)):
            return datasets.load_dataset(str(folder or repository), config, split=split, revision=revision)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        what = str(error).splitlines()[0]
        raise MissingData(
            f"cannot load {repository} {config or ''} {split} from {folder or 'the hub'}: {what}"
        ) from error
