"""What types are called, what else they are called, and which is a kind of which."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from kg.derive.edges import Alias
from kg.derive.inventory import Inventory
from kg.derive.phrases import Phrases, mentions
from kg.derive.several_kinds import Wider
from kg.derive.tokens import Tokens
from kg.derive.vocabulary import Vocabulary

_ABBREVIATED = re.compile(r"((?:[^\W\d_]+[ -]){1,5}[^\W\d_]+) \(([A-Z]{2,6})\)")


def type_names(phrases: Phrases, vocabulary: Vocabulary, fields: Iterable[Tokens]) -> dict[int, str]:
    """The id of every phrase that can be a type: its words as they are mostly written there, folded."""
    forms: dict[int, Counter[tuple[int, ...]]] = defaultdict(Counter)
    for tokens in fields:
        found = mentions(phrases, vocabulary, tokens)
        word = tokens.word.tolist()
        for place, node, length in zip(
            found.place.tolist(), found.node.tolist(), found.length.tolist(), strict=True
        ):
            forms[node][tuple(word[place - length + 1 : place + 1])] += 1
    names: dict[int, str] = {}
    for node in range(len(phrases)):
        if phrases.named[node]:
            usual = forms.get(node)
            words = min(usual, key=lambda form: (-usual[form], form)) if usual else phrases.words(node)
            names[node] = " ".join(vocabulary.words[word] for word in words)
    return names


def wider_types(
    phrases: Phrases,
    vocabulary: Vocabulary,
    names: Mapping[int, str],
    also: Wider,
) -> dict[int, list[tuple[int, float]]]:
    """Type → (wider type, confidence): 'patch cable' is a kind of 'cable'; 'adapter/inverter' of both, and so
    is what is `also` of another kind."""
    above = phrases.type_above().tolist()
    single = {vocabulary.words[int(phrases.word[node])]: node for node in names if phrases.parent[node] < 0}
    found: dict[int, list[tuple[int, float]]] = {}
    for node in names:
        if above[node] >= 0:
            found[node] = [(above[node], 0.9)]
        else:
            parts = vocabulary.words[int(phrases.word[node])].split("/")
            found[node] = [(single[part], 0.7) for part in parts if single.get(part, node) != node]
        found[node] += also.get(node, ())
    return found


def type_aliases(
    inventory: Inventory, names: Mapping[int, str], used: Collection[str], titles: Iterable[str]
) -> Iterator[Alias]:
    """Singulars, plurals and abbreviations of the types of which the ids are `used`."""
    phrases, vocabulary = inventory.phrases, inventory.vocabulary
    forms: dict[int, list[int]] = defaultdict(list)
    for word, lemma in enumerate(vocabulary.lemma.tolist()):
        forms[lemma].append(word)
    by_name: dict[str, int] = {}
    for node in sorted(node for node, name in names.items() if name in used):
        words = names[node].split(" ")
        by_name[names[node]] = node
        head = int(phrases.words(node)[-1])
        for form in sorted(forms[head]):
            phrase = " ".join([*words[:-1], vocabulary.words[form]])
            if phrase != names[node]:
                by_name.setdefault(phrase, node)
                yield Alias(phrase, "type", names[node], 1.0)
    short: Counter[tuple[str, int]] = Counter()
    for title in titles:
        if "(" in title:
            for match in _ABBREVIATED.finditer(title):
                words = re.split("[ -]", match[1])[-len(match[2]) :]
                if "".join(word[0] for word in words).casefold() == match[2].casefold():
                    known = by_name.get(" ".join(words).casefold())
                    if known is not None:
                        short[match[2].casefold(), known] += 1
    for (letters, node), count in sorted(short.items()):
        if count >= 3:
            yield Alias(letters, "type", names[node], 0.9)
