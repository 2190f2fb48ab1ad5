"""Titles and descriptions in English and Chinese; the words follow from what an item is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .model import Item, Value
from .specs import chinese, sentence, spoken
from .vocabulary import read

NAMES = read("names")
MADE_FOR = (
    "Made for {} and {}.", "Good company for {}, and no less for {}.", "Think of {}, think of {}.",
    "We like it best for {}; others swear by it for {}.", "If your days hold {} or {}, this earns its keep.",
    "It comes into its own with {}, and copes well with {}.", "Bought mostly for {}, loved for {}.",
    "Equally right for {} and for {}.",
)  # fmt: skip
COLOURED = (
    "This one comes in {}.", "The colour is {}.", "In {} it blends in with most things.", "Seen here in {}.",
    "We chose {} because it ages best.",
)  # fmt: skip


# A noun that makes a claim is only used where the claim holds.
RADIO = ("Bluetooth", "2.4 GHz radio", "Wi-Fi")
CLAIMS: dict[str, tuple[str, tuple[Value, ...]]] = {
    "wireless": ("connection", RADIO),
    "bluetooth": ("connection", ("Bluetooth",)),
    "mechanical": ("switches", ("linear", "tactile", "clicky")),
    "ergonomic": ("shape", ("right-handed", "vertical")),
    "insulated": ("insulated", (True,)),
    "mummy": ("shape", ("mummy",)),
    "quilt": ("shape", ("quilt",)),
    "hand mill": ("drive", ("manual",)),
    "hydration": ("bottle_holder", (True,)),
    "espresso": ("roast", ("medium", "dark")),
    "week ": ("view", ("weekly",)),
    "无线": ("connection", RADIO),
    "降噪": ("noise_cancelling", (True,)),
    "机械": ("switches", ("linear", "tactile", "clicky")),
    "保温": ("insulated", (True,)),
}


def honest(item: Item, nouns: Sequence[str]) -> tuple[str, ...]:
    """The nouns that are true of the item."""

    def holds(noun: str) -> bool:
        if "paper" in noun and item.material.name != "paper":
            return False
        return all(item.specs.get(name) in values for word, (name, values) in CLAIMS.items() if word in noun)

    return tuple(noun for noun in nouns if holds(noun))


def pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]


def title(rng: np.random.Generator, item: Item, taken: set[str]) -> str:
    """A title nobody else has; it names only some of what the product is, as shop titles do."""
    make = _chinese_title if item.chinese else _english_title
    text = make(rng, item)
    for number in range(2, 100):
        if text.casefold() not in taken:
            break
        text = f"{make(rng, item)} {number}"
    taken.add(text.casefold())
    return text


def description(rng: np.random.Generator, item: Item) -> str:
    return _chinese_description(rng, item) if item.chinese else _english_description(rng, item)


def _english_title(rng: np.random.Generator, item: Item) -> str:
    model = pick(rng, NAMES["names"][item.style])
    # The first noun is the usual one; the others make synonyms worth understanding.
    nouns = honest(item, item.type.nouns)
    noun = nouns[int(rng.choice(len(nouns), p=_falling(len(nouns))))]
    material = "" if item.type.packaging or noun.startswith("paper") else item.material.name
    words = {
        0: f"{item.brand.name} {model} {noun}",
        1: f"{item.brand.name} {model} {noun}, {item.colour.name}",
        2: f"{item.brand.name} {material} {noun} {model}"
        if material
        else f"{item.brand.name} {noun} {model}",
        3: f"{model} {noun} by {item.brand.name}",
        4: f"{item.brand.name} {model} {material} {noun}"
        if material
        else f"{item.brand.name} {model} {noun}",
    }[int(rng.choice(5, p=[0.3, 0.22, 0.18, 0.1, 0.2]))]
    extras = [spoken(item.specs[name]) for name, spec in item.type.specs.items() if spec.get("title")]
    kept = [extra for extra in extras if rng.random() < 0.6]
    return words + (" " + " ".join(kept) if kept else "")


def _falling(n: int) -> list[float]:
    weights = [0.5, 0.3, 0.2, 0.15][:n]
    return [w / sum(weights) for w in weights]


def _english_description(rng: np.random.Generator, item: Item) -> str:
    first, second = item.uses[0], item.uses[1]
    uses = pick(rng, MADE_FOR).format(pick(rng, first.en), pick(rng, second.en))
    said = [
        sentence(spec, item.specs[name]) for name, spec in item.type.specs.items() if name not in item.hidden
    ]
    facts = [said[i] for i in rng.permutation(len(said)) if said[i]][: int(rng.integers(2, 5))]
    body = [uses, pick(rng, item.type.feel), " ".join(facts)]
    if not item.type.packaging:
        body.append(pick(rng, item.material.feel))
    if rng.random() < 0.45 and item.colour.name not in ("clear", "natural"):
        body.append(pick(rng, COLOURED).format(item.colour.name))
    if rng.random() < 0.5:
        body.append(NAMES["voice"][item.style])
    order = [body[i] for i in rng.permutation(len(body)) if body[i]]
    end = [] if item.type.packaging else [pick(rng, item.material.care)]
    if rng.random() < 0.6:
        end.append(pick(rng, item.brand.motto))
    return " ".join([pick(rng, item.type.open), *order, *end])


def _chinese_title(rng: np.random.Generator, item: Item) -> str:
    brand = item.brand.zh or item.brand.name
    material = "" if item.type.packaging else item.material.zh
    noun = pick(rng, honest(item, item.type.zh))
    said = [s.rstrip("。") for s in _chinese_facts(item) if s]
    extra = pick(rng, said) if said else NAMES["zh"][item.style]
    return pick(rng, (
        f"{brand} {material}{noun} {extra}",
        f"{brand} {NAMES['zh'][item.style]}{noun} {item.colour.zh} {item.uses[0].zh}",
        f"{brand} {item.colour.zh}{material}{noun} {extra}",
    ))  # fmt: skip


def _chinese_description(rng: np.random.Generator, item: Item) -> str:
    facts = [s for s in _chinese_facts(item) if s]
    use = pick(
        rng,
        (
            "适合{}、{}等多种场景。",
            "无论是{}还是{}，都能轻松应对。",
            "{}、{}的理想之选。",
            "为{}而生，{}同样出色。",
        ),
    ).format(item.uses[0].zh, item.uses[1].zh)
    look = pick(
        rng, ("{}设计，{}外观，百看不厌。", "{}风格搭配{}，简单大方。", "整体{}格调，{}款式耐看。")
    ).format(NAMES["zh"][item.style], item.colour.zh)
    body = [use, look, *([] if item.type.packaging else [item.material.zh_text]), "".join(facts)]
    return "".join(
        [pick(rng, item.type.zh_open), *(body[i] for i in rng.permutation(len(body))), item.type.zh_care]
    )


def _chinese_facts(item: Item) -> list[str]:
    words: Mapping[str, str] = NAMES["zh_value"]
    return [chinese(spec, item.specs[name], words) for name, spec in item.type.specs.items()]
