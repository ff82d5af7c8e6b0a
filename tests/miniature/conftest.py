"""The world is written once for all tests of this folder."""

from pathlib import Path

import pytest

from xfer.miniature import write


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("miniature")
    write(folder)
    return folder
