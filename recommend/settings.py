"""What a build makes, and how. Plain values, saved in the manifest of every version."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from kg.errors import SettingsError

Profile: TypeAlias = Literal["fast", "full"]
FusionKind: TypeAlias = Literal["gated", "weighted"]
TextPrecision: TypeAlias = Literal["int8", "float32"]
KgeModel: TypeAlias = Literal["transe", "rotate", "complex", "tucker", "distmult"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Choices of a build; the defaults are those of the profile 'full'.

    With `learned` small catalogs get links that are learned from all histories at once, where they gain.
    `text_model` and `image_model` are Hugging Face ids or local folders (None: the packaged weights).
    `text_length` is in tokens; with `text_precision` 'int8' the text model's weights are rounded, where it is
    of a kind that allows it. `neighbours` is how many neighbours per product a vector space keeps (that of
    the GNN four times as many), `links` how many links per product any other channel keeps. `learn_users`
    bounds how many users' held-out interactions teach the weights, `search_queries` how many queries the
    graph makes up to teach the search (0: none), `best_lists` about how many recommendations with something
    hidden teach the ranking 'best' (0: none), `threads` the threads of the encoders and trainers (None: all
    cores).
    """

    text: bool = True
    image: bool = True
    kge: bool = True
    gnn: bool = True
    fusion: FusionKind | None = "gated"
    learned: bool = True
    text_model: str | None = None
    image_model: str | None = None
    text_length: int = 64
    text_precision: TextPrecision = "int8"
    kge_model: KgeModel | None = None
    kge_dim: int = 64
    kge_epochs: int = 12
    gnn_dim: int = 64
    gnn_steps: int = 80
    fusion_dim: int = 256
    fusion_epochs: int = 6
    neighbours: int = 50
    links: int = 300
    learn_users: int = 7_500
    learn_share: float = 0.25
    taste: float = 0.15
    search_queries: int = 1_200
    best_lists: int = 6_000
    threads: int | None = None

    def __post_init__(self) -> None:
        for name in (
            "text_length",
            "kge_dim",
            "kge_epochs",
            "gnn_dim",
            "gnn_steps",
            "fusion_dim",
            "fusion_epochs",
            "neighbours",
            "links",
            "learn_users",
        ):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name}={getattr(self, name)} must be at least 1")
        if self.text_precision not in ("int8", "float32"):
            raise SettingsError(f"text_precision={self.text_precision!r} must be 'int8' or 'float32'")
        if not 0 < self.learn_share < 1:
            raise SettingsError(f"learn_share={self.learn_share} must lie between 0 and 1")
        if not 0 <= self.taste <= 1:
            raise SettingsError(f"taste={self.taste} must lie between 0 and 1")
        if self.search_queries < 0:
            raise SettingsError(f"search_queries={self.search_queries} must not be negative (0: none)")
        if self.best_lists < 0:
            raise SettingsError(f"best_lists={self.best_lists} must not be negative (0: none)")
        if self.threads is not None and self.threads < 1:
            raise SettingsError(f"threads={self.threads} must be at least 1, or None for all cores")

    @classmethod
    def of_profile(cls, profile: Profile) -> Settings:
        """'fast': graph, lexical and text; 'full': everything."""
        if profile == "full":
            return cls()
        if profile == "fast":
            return cls(image=False, kge=False, gnn=False, fusion=None, learned=False, best_lists=0)
        raise SettingsError(f"profile={profile!r} must be 'fast' or 'full'")

    def plain(self) -> dict[str, Any]:
        """JSON values; `Settings(**plain)` makes the settings again."""
        return asdict(self)
