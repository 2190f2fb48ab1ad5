"""Pretrained transformers, from a local folder or by Hugging Face id, with errors that name the fix.

This is the module that wraps the transformers library.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from encoders.weights import PackagedWeights, packaged
from kg.errors import ModelError

_DEFINING = ("*.json", "*.txt", "*.model", "*.safetensors", "*.bin", "1_Pooling/config.json")


@dataclass(frozen=True, kw_only=True)
class Pretrained:
    """A model that can be loaded: `location` is a folder or a hub id, `key` names its exact weights."""

    location: str
    revision: str | None
    key: str


def locate(model: str | Path | None, *, default: PackagedWeights, revision: str | None = None) -> Pretrained:
    """Find a model: None is the packaged one, an existing folder is local, anything else a hub id.

    Reads no weights except to verify or name them. Raises ModelError if the model cannot be had.
    """
    if model is None:
        return Pretrained(location=str(packaged(default)), revision=None, key=default.key)
    folder = Path(model)
    if folder.is_dir():
        return Pretrained(location=str(folder), revision=None, key=f"folder@{_digest(folder)}")
    if isinstance(model, Path) or model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise ModelError(f"there is no model folder {model}; give an existing folder or a Hugging Face id")
    asked = Pretrained(location=model, revision=revision, key="")
    load_config(asked)  # downloads it, or says what is wrong
    commit = _commit(asked) or revision
    return Pretrained(location=model, revision=commit, key=f"{model}@{commit or 'unknown'}")


def _commit(source: Pretrained) -> str | None:
    """The commit of a hub's repository that a model is of: the name of the folder that holds its files."""
    path = model_file(source, "config.json")
    return path.parent.name if path is not None and path.parent.parent.name == "snapshots" else None


def load_tokenizer(source: Pretrained) -> Any:
    return _load("AutoTokenizer", source.location, **_revision(source))


def load_processor(source: Pretrained) -> Any:
    """The picture preprocessing of a CLIP-like model, in the variant that needs no torchvision."""
    return _load("AutoImageProcessor", source.location, backend="pil", **_revision(source))


def load_config(source: Pretrained) -> Any:
    return _load("AutoConfig", source.location, **_revision(source))


def load_model(source: Pretrained, **options: Any) -> Any:
    """The model in float32, ready for inference."""
    import torch

    model = _load("AutoModel", source.location, dtype=torch.float32, **_revision(source), **options)
    return model.eval().requires_grad_(False)


def _revision(source: Pretrained) -> dict[str, str]:
    return {} if source.revision is None else {"revision": source.revision}


def read_json(source: Pretrained, name: str) -> Any:
    """The content of an optional JSON file of the model; None if it has no such file."""
    path = model_file(source, name)
    return None if path is None else json.loads(path.read_text(encoding="utf-8"))


def model_file(source: Pretrained, name: str) -> Path | None:
    """An optional file of the model, downloaded if it is at a hub; None if it has no such file."""
    folder = Path(source.location)
    if folder.is_dir():
        path = folder / name
        return path if path.is_file() else None
    from transformers.utils.hub import cached_file

    found = cached_file(
        source.location,
        name,
        revision=source.revision,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    return Path(found) if found else None


def _load(loader: str, location: str, **options: Any) -> Any:
    import transformers

    # what was downloaded before is used as it is: no request per run, and no wait when there is no network
    attempts = [options] if Path(location).is_dir() else [{**options, "local_files_only": True}, options]
    report: Any = transformers.utils.logging
    verbosity, bars = report.get_verbosity(), report.is_progress_bar_enabled()
    report.set_verbosity_error()  # weights we do not use (BERT's pooler) are not worth a table on the screen
    report.disable_progress_bar()
    failure: Exception | None = None
    try:
        for attempt in attempts:
            try:
                return getattr(transformers, loader).from_pretrained(location, **attempt)
            except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
                failure = error
    finally:
        report.set_verbosity(verbosity)
        if bars:
            report.enable_progress_bar()
    first = (str(failure).strip().splitlines() or [type(failure).__name__])[0]
    fix = (
        "check that the folder holds a complete model"
        if Path(location).is_dir()
        else "check the id and the network, or download the model and give its folder"
    )
    raise ModelError(f"the model {location} cannot be loaded: {first}; {fix}") from failure


def _digest(folder: Path) -> str:
    files = sorted({path for pattern in _DEFINING for path in folder.glob(pattern) if path.is_file()})
    if not files:
        raise ModelError(f"the folder {folder} holds no model; give a folder with config.json and weights")
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            whole.update(
                f"{path.relative_to(folder)} {hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode()
            )
    return whole.hexdigest()[:16]
