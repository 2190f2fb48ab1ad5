"""Which values of one attribute are one and the same value: Blk, black, Schwarz; cm and centimetres.

Of texts: the same key (`value_keys`), or a rare word that is a frequent one mistyped or shortened. Of
numbers: the same unit spelt in two ways, and numbers or answers typed as text where the others are none.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kg.doctor.cells import Cells
from kg.doctor.lexicon import VALUE_KINDS, ValueKind, name_phrases, spelled, units, value_phrases
from kg.doctor.spelling import edits, folded, name_words, shortened, singular, typo, words
from kg.doctor.value_keys import value_key
from kg.records import Quantity

Key: TypeAlias = tuple[str, ...]

_KIND_SHARE = 0.5
"""An attribute is one of colours if so many of its values are."""
_RARE = 0.34
"""A mistyped or shortened value is at most so common, compared with the right one."""
_ELSEWHERE = 0.1
"""…and its odd word at most so common in all titles and values, or in fewer than _KNOWN."""
_KNOWN = 3
_MOST_WORDS = 2_000
"""So many words of an attribute are what others may be slips of."""
_SHORT_TIMES = 10
"""A slip in a word of four letters is believed only if the right one is so many times as common."""
_TYPED = 0.8
"""Where so many values are numbers, a number in a text was meant to be one."""
_NUMBER = re.compile(r"\s*[-+]?\d+(?:[.,]\d+)?\s*([^\d\s]{0,12})\s*")
_KIND_OF_NAME: Mapping[str, ValueKind] = {"colour": "colours", "material": "materials", "size": "sizes"}


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Cells that should read otherwise, as (name, value) numbers; what is there and what is meant."""

    cells: tuple[tuple[int, int], ...]
    written: str
    meant: str


def variant_values(cells: Cells, group: Sequence[int], known_words: Mapping[str, int]) -> Iterator[Variant]:
    """The variants among the values of an attribute, given by the numbers of all its names."""
    texts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    counts: Counter[str] = Counter()
    others: Counter[str] = Counter()
    spelt_units: dict[str, list[tuple[int, int]]] = defaultdict(list)
    unit_counts: Counter[str] = Counter()
    for name in group:
        for number, count in cells.of_name(name).items():
            value = cells.values[number]
            if isinstance(value, str):
                texts[value].append((name, number))
                counts[value] += count
            elif isinstance(value, bytes):
                others["text"] += count
            else:
                others["answer" if isinstance(value, bool) else "number"] += count
                if isinstance(value, Quantity):
                    spelt_units[value.unit].append((name, number))
                    unit_counts[value.unit] += count
    yield from _of_units(spelt_units, unit_counts)
    total = counts.total() + others.total()
    for form in ("number", "answer"):
        if others[form] >= _TYPED * total:
            yield from _typed(texts, form)
            return
    if len(texts) > 1:
        yield from _of_texts(cells.names[group[0]], texts, counts, known_words)


def _of_units(places: Mapping[str, list[tuple[int, int]]], counts: Counter[str]) -> Iterator[Variant]:
    known = units()
    by_meaning: dict[str, list[str]] = defaultdict(list)
    for unit in places:
        plain = folded(unit.strip().rstrip("."))
        by_meaning[known.get(plain, singular(plain))].append(unit)
    for same in by_meaning.values():
        best, *rest = sorted(same, key=lambda unit: (-counts[unit], unit))
        for unit in rest:
            yield Variant(cells=tuple(places[unit]), written=f"unit {unit}", meant=f"unit {best}")


def _typed(texts: Mapping[str, list[tuple[int, int]]], form: str) -> Iterator[Variant]:
    answers = value_phrases("answers")
    for text, places in texts.items():
        if form == "number":
            found = _NUMBER.fullmatch(text)
            if found and (not found[1] or folded(found[1]) in units()):
                yield Variant(cells=tuple(places), written=text, meant="a number, as in other products")
        elif (meant := answers.get(spelled(text))) is not None:
            yield Variant(cells=tuple(places), written=text, meant=f"{meant}, as in other products")


def _of_texts(
    name: str,
    texts: Mapping[str, list[tuple[int, int]]],
    counts: Counter[str],
    known_words: Mapping[str, int],
) -> Iterator[Variant]:
    kind = _kind(name, counts)
    by_key: dict[Key, list[str]] = defaultdict(list)
    for text in texts:
        key = value_key(text, kind)
        by_key[key if any(key) else (text,)].append(text)
    best = {key: min(same, key=lambda text: (-counts[text], text)) for key, same in by_key.items()}
    weight = {key: sum(counts[text] for text in same) for key, same in by_key.items()}
    slips = _slips(weight, best, kind, known_words)
    for key, same in by_key.items():
        target = best[slips.get(key, key)]
        for text in same:
            if text != target:
                yield Variant(cells=tuple(texts[text]), written=text, meant=target)


def _kind(name: str, counts: Counter[str]) -> ValueKind | None:
    """Which list of synonyms the values of an attribute may use."""
    total = counts.total()
    share = {
        kind: sum(
            n for text, n in counts.items() if all(_known(part, kind) for part in re.split(r"[,/;|]", text))
        )
        for kind in VALUE_KINDS
    }
    if share["answers"] == total:
        return "answers"
    if share["sizes"] == total:
        return "sizes"
    phrases = name_phrases()
    for word in (" ".join(name_words(name)), *name_words(name)):
        kind = _KIND_OF_NAME.get(phrases.get(singular(word), ""))
        if kind in ("colours", "materials"):
            return kind
    return next((kind for kind in ("colours", "materials") if share[kind] >= _KIND_SHARE * total), None)


def _known(text: str, kind: ValueKind) -> bool:
    return spelled(text) in value_phrases(kind)


def _slips(
    weight: Mapping[Key, int],
    best: Mapping[Key, str],
    kind: ValueKind | None,
    known_words: Mapping[str, int],
) -> dict[Key, Key]:
    """The keys that are others mistyped or shortened."""
    word_weight: Counter[str] = Counter()
    for key, count in weight.items():
        word_weight.update(dict.fromkeys(words(best[key]), count))
    frequent = _frequent(word_weight)
    rights: dict[str, list[str]] = {}
    found: dict[Key, Key] = {}
    for key, count in weight.items():
        text = folded(best[key])
        for word in words(text):
            if not word.isalpha() or len(word) < 3:
                continue
            if word not in rights:
                near = (*frequent[word[0]], *(frequent[word[1]] if word[1] != word[0] else ()))
                rights[word] = [right for right in near if _slip(word, right, word_weight, known_words)]
            for right in rights[word]:
                if word.upper() in best[key] and known_words.get(right, 0) - word_weight[right] < _KNOWN:
                    continue  # a code beside another: SLAPK, SLAPJ
                other = value_key(re.sub(rf"(?<![^\W\d_]){word}(?![^\W\d_])", right, text), kind)
                if other != key and count <= _RARE * weight.get(other, 0):
                    found[key] = other
                    break
            if key in found:
                break
    # one step only: what stands for something that is a slip itself stands for nothing
    return {key: other for key, other in found.items() if other not in found}


def _frequent(weight: Counter[str]) -> dict[str, list[str]]:
    """The commonest words by first letter, the commoner first."""
    by_letter: dict[str, list[str]] = defaultdict(list)
    for word, _ in weight.most_common(_MOST_WORDS):
        if word.isalpha() and len(word) > 3:
            by_letter[word[0]].append(word)
    return by_letter


def _slip(word: str, right: str, weight: Mapping[str, int], known_words: Mapping[str, int]) -> bool:
    """Whether a word is a commoner one mistyped or shortened, and no word in its own right."""
    if word == right or weight[right] * _RARE < weight[word]:
        return False
    elsewhere = known_words.get(word, 0)
    if elsewhere >= _KNOWN and elsewhere > _ELSEWHERE * known_words.get(right, 0):
        return False
    if typo(word, right) or shortened(word, right):
        return True
    short = len(word) in (3, 4, 5) and min(len(word), len(right)) == 4
    return short and weight[right] >= _SHORT_TIMES * weight[word] and edits(word, right, 1) == 1
