"""Where a pretrained encoder is looked for: its own path, $XFER_MODELS, the hub."""

from __future__ import annotations

from pathlib import Path

import pytest
from encoder_zoo import save_family

from xfer.core.errors import HubUnreachable
from xfer.models.pretrained import Pretrained

HUB_NAME = "some/encoder"


def no_hub(name: str) -> str:
    raise HubUnreachable(f"cannot reach the hub for {name}")


@pytest.mark.parametrize("place", ["some/encoder", "encoder"])
def test_a_hub_name_is_a_folder_of_xfer_models_first(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_family("bert", tmp_path / place)
    monkeypatch.setenv("XFER_MODELS", str(tmp_path))
    by_name, by_path = Pretrained(name=HUB_NAME), Pretrained(name=str(tmp_path / place))
    assert by_name.load_origin(lambda: []).folder == tmp_path / place
    assert by_name.parameter_count() == by_path.parameter_count()
    assert by_name.longest_input() == 128
    revisions = [model.weights_revision(lambda path: path.read_bytes().hex(), no_hub) for model in (by_name, by_path)]
    assert revisions[0] == revisions[1]


def test_a_model_that_is_nowhere_names_the_folders_that_were_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XFER_MODELS", str(tmp_path))
    with pytest.raises(HubUnreachable) as caught:
        Pretrained(name=HUB_NAME).weights_revision(str, no_hub)
    assert str(caught.value) == (
        f"cannot reach the hub for some/encoder; nor is there a folder some/encoder, {tmp_path}/some/encoder, "
        f"{tmp_path}/encoder; $XFER_MODELS names a folder of models by their hub names"
    )


def test_a_path_is_no_hub_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_family("bert", tmp_path / "encoder")
    monkeypatch.setenv("XFER_MODELS", str(tmp_path))
    assert Pretrained(name="./encoder").parameter_count() is None
    assert Pretrained(name=str(tmp_path / "other" / "encoder")).parameter_count() is None
