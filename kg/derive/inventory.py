"""All that is learnt about types from one catalog, so that new products are read as the old ones were."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from kg.derive.attributes import attribute_coherence, attribute_words, valued_phrases
from kg.derive.deciding import Decider, Decision, decide, learn_decider, with_known
from kg.derive.evidence import Evidence, gather
from kg.derive.features import Features, learn_features
from kg.derive.phrases import Phrases, learn_phrases, mentions
from kg.derive.source import Source
from kg.derive.telling import TellingKinds, learn_telling
from kg.derive.tokens import MOST_DESCRIPTION, WORD, Reader, Tokens, cjk_endings
from kg.derive.vocabulary import Vocabulary, learn_vocabulary
from kg.derive.words import GENERAL

_VALUED = 0.4
"""A phrase that is an attribute's value in so many of its products is no type."""
_VALUE = 2.0
"""…and less speaks for it, by this, of each product of which it is a value."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Inventory:
    """Endings of Chinese words, words, phrases that name types, the model that chooses among them, the kinds
    that attributes tell, and `known` bool [phrases]: those that people are known to have several words
    for."""

    endings: frozenset[str]
    vocabulary: Vocabulary
    phrases: Phrases
    features: Features
    decider: Decider
    telling: TellingKinds
    known: npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Fields:
    """The texts of products as tokens."""

    titles: Tokens
    descriptions: Tokens
    attributes: Tokens


def learn_inventory(source: Source, kinds: Collection[str] = ()) -> tuple[Inventory, Decision, Fields]:
    """(what the products teach, the type of each, their tokens). kinds: names that kinds of things are known
    to have, in the singular."""
    endings = cjk_endings(source.titles)
    reader = Reader(endings=endings)
    fields = _read(reader, source)
    words = list(reader.numbers)
    values, type_values = attribute_words(source, reader.numbers)
    brand_words = [
        reader.numbers[b] for b in sorted({b.casefold() for b in source.brands}) if b in reader.numbers
    ]
    vocabulary = learn_vocabulary(
        words,
        fields.titles,
        fields.descriptions,
        brand=source.brand,
        values=values,
        type_values=type_values,
        brand_words=np.array(brand_words, dtype=np.int64),
        coherence=attribute_coherence(source, len(words)),
    )
    phrases = learn_phrases(vocabulary, fields.titles, fields.descriptions, brand=source.brand)
    phrases = _without_values(phrases, vocabulary, fields, source)
    features, matrix = learn_features(source, vocabulary, (fields.titles, fields.descriptions))
    evidence = _evidence(phrases, vocabulary, fields, source)
    strength = phrases.strength(vocabulary.noun)
    general = [number for number, word in enumerate(words) if word in GENERAL]
    strength[(phrases.parent < 0) & np.isin(phrases.word, general)] = 0.0
    said = _titles_with(phrases, vocabulary, fields.titles)
    decider, idle = learn_decider(phrases, strength, evidence, matrix, said)
    if idle.any():
        phrases = replace(phrases, quality=phrases.quality | idle)
        evidence = _evidence(phrases, vocabulary, fields, source)
    decision = decide(phrases, decider, evidence, matrix)
    telling = learn_telling(phrases, vocabulary, decision, features, matrix)
    inventory = Inventory(
        endings=endings,
        vocabulary=vocabulary,
        phrases=phrases,
        features=features,
        decider=decider,
        telling=telling,
        known=_known(phrases, vocabulary, kinds),
    )
    told = telling.told(with_known(decision, evidence, inventory.known), features, matrix)
    return inventory, told, fields


def read_types(inventory: Inventory, source: Source) -> tuple[Decision, Fields]:
    """The type of each product, by what is known already."""
    vocabulary = inventory.vocabulary
    fields = _read(Reader(vocabulary.words, endings=inventory.endings, closed=True), source)
    matrix = inventory.features.matrix(source, vocabulary, (fields.titles, fields.descriptions))
    evidence = _evidence(inventory.phrases, vocabulary, fields, source)
    decision = decide(inventory.phrases, inventory.decider, evidence, matrix)
    decision = with_known(decision, evidence, inventory.known)
    return inventory.telling.told(decision, inventory.features, matrix), fields


def _read(reader: Reader, source: Source) -> Fields:
    nobody = [""] * len(source)
    return Fields(
        titles=reader.read(source.titles, source.brands),
        descriptions=reader.read(source.descriptions, source.brands, most=MOST_DESCRIPTION),
        attributes=reader.read(source.type_texts, nobody),
    )


def _evidence(phrases: Phrases, vocabulary: Vocabulary, fields: Fields, source: Source) -> Evidence:
    """What speaks for which type. A phrase that is the value of an attribute of this product is hardly one:
    the remote control of which the title says 'Digital camera' is used with one."""
    found = gather(phrases, vocabulary, fields.titles, fields.descriptions, fields.attributes)
    valued = np.isin(found.row * max(1, len(phrases)) + found.node, _values(phrases, vocabulary, source))
    return replace(found, score=found.score - _VALUE * valued)


def _values(phrases: Phrases, vocabulary: Vocabulary, source: Source) -> npt.NDArray[np.int64]:
    """See `valued_phrases`."""
    known = vocabulary.words
    nodes = {tuple(known[word] for word in phrases.words(node)): node for node in range(len(phrases))}
    singular = {known[word]: known[lemma] for word, lemma in enumerate(vocabulary.lemma.tolist())}
    heads = phrases.word[phrases.nouns()].tolist()
    telling = {  # no 'full hd' is a kind of 'hd', whatever its 'hd type'
        node: f"{known[head]} type" for node, head in enumerate(heads) if not vocabulary.abbreviated[head]
    }
    return valued_phrases(source, nodes, singular, telling)


def _known(phrases: Phrases, vocabulary: Vocabulary, kinds: Collection[str]) -> npt.NDArray[np.bool_]:
    """bool [phrases]: which types are called by one of some names."""
    words = vocabulary.words
    called = (" ".join(words[word] for word in phrases.words(node)) in kinds for node in range(len(phrases)))
    return np.fromiter(called, dtype=np.bool_, count=len(phrases)) & phrases.named


def _titles_with(phrases: Phrases, vocabulary: Vocabulary, titles: Tokens) -> npt.NDArray[np.int64]:
    """int64 [phrases]: how many titles have the noun of each, wherever it stands."""
    width = len(vocabulary.words)
    plain = titles.kind == WORD
    lemma = vocabulary.lemma[titles.word[plain]].astype(np.int64)
    pairs = np.unique(titles.text[plain] * max(1, width) + lemma)
    count: npt.NDArray[np.int64] = np.bincount(pairs % max(1, width), minlength=width)
    return count[phrases.word[phrases.nouns()]]


def _without_values(phrases: Phrases, vocabulary: Vocabulary, fields: Fields, source: Source) -> Phrases:
    """Mark phrases that are, in many of their products, a value of an attribute: 'full hd' is no type."""
    width = max(1, len(phrases))
    found = mentions(phrases, vocabulary, fields.titles)
    said = np.unique(fields.titles.text[found.place] * width + found.node)
    valued = said[np.isin(said, _values(phrases, vocabulary, source))] % width
    share = np.bincount(valued, minlength=width) / np.maximum(1, np.bincount(said % width, minlength=width))
    quality = (share >= _VALUED)[: len(phrases)] & (phrases.parent >= 0)
    return replace(phrases, quality=quality)
