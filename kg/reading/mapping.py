"""A mapping says what the columns of a table mean, where their names do not.

A small TOML file. Columns it does not name are still matched by their names and common synonyms.

    kind = "products"                 # products | interactions | facts

    [columns]                         # column = what it holds
    artnr = "id"                      #   a field of the record
    "Farbe" = "attr.colour"           #   one attribute, under this name
    "weight_g" = { attribute = "weight", type = "number", unit = "g" }
    "attr_t_*" = "attribute:text"     #   many attributes: what * stands for is the name
    "attr_n_*" = "attribute:number"   #   as text, number or boolean; without a type as it comes
    "img_*" = "ignore"                #   not used, and not reported as unused

    [constants]                       # field = the value of every row
    currency = "EUR"

    [options]
    category_separator = " > "        # between the names of a category path
    category_kind = "path"            # path | labels (names without an order)
    list_separator = "|"              # between several labels or collections in one cell
    price_scale = 0.01                # prices are in cents
    decimal = ","                     # "1.299,00"; without it the first rows show which of . and , it is
    time_format = "%d.%m.%Y"          # times that are neither ISO 8601 nor an epoch
    delimiter = ";"                   # of a CSV file whose header does not show it
    attribute_names = "words"         # words: screen_size -> screen size | as_given
    position = "rows"                 # interactions: the order of the rows stands in for times | none
    encoding = "latin-1"              # of a text file whose encoding is not found out rightly
    feed = "shopify"                  # the columns are those that this feed's reader makes of the file

A number may be written with its unit, "1,5 kg" or "2 x 500 ml" (kg/reading/measures.py says how); with `unit`
it is converted. Without a type, a cell of a text file that is plainly a number and a known unit has both.
An exact name beats a pattern, a longer pattern a shorter one; `"*"` takes what nothing else wanted.
Fields of products: id, title, description, brand, category, labels, attributes (a JSON object), price,
currency, image, url, gtin, availability, language, collections; of interactions: user, product, kind,
time, position, value, query, rank, order; of facts: head, relation, tail, weight, source, head_kind,
tail_kind.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from kg.errors import MappingError
from kg.reading.encoding import check_name
from kg.reading.rules import broken, checker
from kg.records import Fact, Interaction, Product, RecordKind
from kg.resources import data_folder

AttributeType = Literal["", "text", "number", "boolean"]

RECORD_FIELDS: dict[RecordKind, tuple[str, ...]] = {
    "products": tuple(f.name for f in fields(Product)),
    "interactions": tuple(f.name for f in fields(Interaction)),
    "facts": tuple(f.name for f in fields(Fact)),
}
REQUIRED: dict[RecordKind, tuple[str, ...]] = {
    "products": ("id",),
    "interactions": ("user", "product"),
    "facts": ("head", "relation", "tail"),
}
SEVERAL = frozenset({"attribute", "attributes", "labels", "collections", "ignore"})
"""What more than one column may hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a column holds: a record's field, 'attribute' or 'ignore'."""

    field: str
    attribute: str = ""
    type: AttributeType = ""
    unit: str = ""


class Options(BaseModel):
    """How the values of a table are written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category_separator: str = Field(default=">", min_length=1)
    category_kind: Literal["path", "labels"] = "path"
    list_separator: str = Field(default="|", min_length=1)
    price_scale: Decimal = Field(default=Decimal(1), gt=0)
    decimal: Literal["", ".", ","] = ""
    time_format: str = ""
    delimiter: str = Field(default="", max_length=1)
    attribute_names: Literal["words", "as_given"] = "words"
    position: Literal["none", "rows"] = "none"
    feed: str = ""
    encoding: str = ""

    @field_validator("price_scale", mode="before")
    @classmethod
    def _exact(cls, value: object) -> object:
        return str(value) if isinstance(value, float) else value  # 0.01, not 0.01000000000000000020816…

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        return check_name(value) if value else ""

    def attribute_name(self, name: str) -> str:
        """The name an attribute gets: 'screen_size' → 'screen size' unless names stay as given."""
        return " ".join((name.replace("_", " ") if self.attribute_names == "words" else name).split())


class _Layout(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: RecordKind | None = None
    columns: dict[str, Any] = {}
    constants: dict[str, str | bool | int | float] = {}
    options: Options = Options()


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """What the columns of a table mean. Made by `from_toml`, `from_text` or `builtin`."""

    name: str
    kind: RecordKind | None
    columns: tuple[tuple[str, Target], ...]
    patterns: tuple[tuple[str, Target], ...]
    constants: tuple[tuple[str, object], ...]
    options: Options

    @classmethod
    def from_toml(cls, path: Path | str) -> Mapping:
        """Read a mapping file; MappingError if it is missing or makes no sense."""
        path = Path(path)
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise MappingError(f"mapping {path} cannot be read ({error.strerror}); check the path") from None
        except UnicodeDecodeError as error:
            raise MappingError(
                f"mapping {path} is not UTF-8 (byte {error.start}); save it as UTF-8"
            ) from None
        return cls.from_text(text, str(path))

    @classmethod
    def builtin(cls, name: str) -> Mapping:
        """A mapping that comes with Shelfgraph: 'icecat', 'beauty_products' …"""
        folder = data_folder() / "mappings"
        known = sorted(path.stem for path in folder.glob("*.toml"))
        if name not in known:
            raise MappingError(f"no mapping {name!r} comes with Shelfgraph; there are {', '.join(known)}")
        return cls.from_toml(folder / f"{name}.toml")

    @classmethod
    def from_text(cls, text: str, name: str = "mapping") -> Mapping:
        """Parse the TOML text of a mapping; `name` is what messages call it."""
        try:
            layout = _Layout.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise MappingError(f"{name} is not TOML: {error}; names with signs need quotes") from None
        except ValidationError as error:
            raise MappingError(_explain(error, name)) from None
        return _assemble(layout, name)


def _explain(error: ValidationError, name: str) -> str:
    fault = error.errors(include_url=False)[0]
    where = [str(part) for part in fault["loc"]]
    key = ".".join(where)
    if fault["type"] == "extra_forbidden":
        known = Options.model_fields if where[0] == "options" and len(where) > 1 else _Layout.model_fields
        return f"{name}: the key {key!r} is unknown; {_suggest(where[-1], known)}"
    rule = str(fault["msg"]).removeprefix("Value error, ")
    return f"{name}: {key} = {fault['input']!r} is wrong: {rule}; change it"


def _suggest(word: str, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"


def _assemble(layout: _Layout, name: str) -> Mapping:
    kind = layout.kind or "products"
    exact: list[tuple[str, Target]] = []
    patterns: list[tuple[str, Target]] = []
    holder: dict[str, str] = {}
    for column, value in layout.columns.items():
        where = f"{name}: columns.{column}"
        target = _target(kind, value, where)
        if "*" in column:
            if column.count("*") > 1:
                raise MappingError(f"{where}: a pattern has one *; split it in two")
            if target.field not in SEVERAL or (target.field == "attribute" and target.attribute):
                raise MappingError(
                    f"{where}: a pattern may hold {', '.join(sorted(SEVERAL))}; name the column"
                )
            patterns.append((column, target))
            continue
        if target.field not in SEVERAL:
            if target.field in holder:
                raise MappingError(
                    f"{where}: the column {holder[target.field]!r} holds {target.field!r} already; "
                    "set one of the two to 'ignore'"
                )
            holder[target.field] = column
        exact.append((column, target))
    by_name: dict[str, str] = {}
    for column, _ in exact:
        if (other := by_name.setdefault(column.casefold(), column)) != column:
            raise MappingError(f"{name}: columns.{column} and columns.{other} are the same column; drop one")
    constants = _constants(kind, layout.constants, holder, name)
    return Mapping(
        name=name,
        kind=layout.kind,
        columns=tuple(exact),
        patterns=tuple(sorted(patterns, key=lambda pattern: -len(pattern[0]))),
        constants=constants,
        options=layout.options,
    )


def _target(kind: RecordKind, value: object, where: str) -> Target:
    if isinstance(value, dict):
        target = _described_attribute(value, where)
    elif isinstance(value, str):
        head, _, kind_of_value = value.strip().partition(":")
        named = head.startswith("attr.")
        target = Target(
            field="attribute" if named else head,
            attribute=_attribute_name(head.removeprefix("attr."), where) if named else "",
            type=_type(kind_of_value, where),
        )
    else:
        raise MappingError(f"{where} = {value!r} must be the name of a field, in quotes")
    known = (*RECORD_FIELDS[kind], *(("attribute",) if kind == "products" else ()), "ignore")
    if target.field not in known:
        raise MappingError(f"{where}: {kind} have no field {target.field!r}; {_suggest(target.field, known)}")
    if target.type and target.field != "attribute":
        raise MappingError(f"{where}: only an attribute has a type; write {target.field!r}")
    return target


def _described_attribute(value: dict[str, Any], where: str) -> Target:
    if not set(value) <= {"attribute", "type", "unit"} or not all(isinstance(v, str) for v in value.values()):
        raise MappingError(f'{where}: write {{ attribute = "weight", type = "number", unit = "g" }}')
    target = Target(
        field="attribute",
        attribute=_attribute_name(value.get("attribute", ""), where),
        type=_type(value.get("type", ""), where),
        unit=value.get("unit", ""),
    )
    if target.unit and target.type != "number":
        raise MappingError(f'{where}: only a number has a unit; add type = "number"')
    return target


def _attribute_name(name: str, where: str) -> str:
    if not name.strip():
        raise MappingError(f"{where}: an attribute must have a name; write it after 'attr.' or 'attribute ='")
    return name.strip()


def _type(text: str, where: str) -> AttributeType:
    for known in ("", "text", "number", "boolean"):
        if text.strip() == known:
            return known
    raise MappingError(f"{where}: {text!r} is no type of attribute; there are text, number, boolean")


def _constants(
    kind: RecordKind, given: dict[str, str | bool | int | float], holder: dict[str, str], name: str
) -> tuple[tuple[str, object], ...]:
    for field in given:
        plain = [
            f for f in RECORD_FIELDS[kind] if f not in ("attributes", "category", "labels", "collections")
        ]
        if field not in plain:
            raise MappingError(f"{name}: constants.{field} has no single value; {_suggest(field, plain)}")
        if field == "id":
            raise MappingError(f"{name}: constants.id gives every product the same id; name a column")
        if field in holder:
            raise MappingError(
                f"{name}: {field!r} comes from the column {holder[field]!r} and from constants; drop one"
            )
    try:
        checker(kind)(dict(given))
    except ValidationError as error:
        for field, value, rule in broken(error):
            if field in given:
                raise MappingError(f"{name}: constants.{field} = {value!r}: {rule}; change it") from None
    return tuple(given.items())


def match_pattern(pattern: str, column: str) -> str | None:
    """What * stands for in a column that matches, or None; case does not matter."""
    before, _, after = pattern.partition("*")
    low = column.casefold()
    if len(column) <= len(before) + len(after):
        return None
    if low.startswith(before.casefold()) and low.endswith(after.casefold()):
        return column[len(before) : len(column) - len(after)]
    return None
