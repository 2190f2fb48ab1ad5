"""Words that are an amount and a name at once: '3M tape' and a '3 m cable'."""

from __future__ import annotations

from collections.abc import Sequence

from recommend.understand.agreement import Agreement
from recommend.understand.meanings import Meaning
from recommend.understand.measures import Measure
from recommend.understand.words import Word

_NAMES = ("type", "brand", "series", "target")


def measures_kept(
    words: Sequence[Word],
    several: Sequence[Meaning],
    role: Sequence[str],
    measures: Sequence[Measure],
    agreement: Agreement,
) -> tuple[list[Measure], set[int]]:
    """(the amounts that no name explains better, the numbers of the meanings that are amounts instead).

    A name that goes on beyond the amount is a name. One that does not is the amount if a comparison is
    written, or if it is a brand that makes nothing of what is wanted. Properties are left to whoever uses the
    amount.
    """
    wanted = [node for one, its in zip(several, role, strict=True) if its == "type" for node in one.weights]
    found: list[Measure] = []
    dropped: set[int] = set()
    for measure in measures:
        stays = True
        for place, (one, its) in enumerate(zip(several, role, strict=True)):
            first, last = words[one.match.start], words[one.match.stop - 1]
            if its not in _NAMES or first.start >= measure.stop or last.stop <= measure.start:
                continue
            beyond = first.start < measure.start or last.stop > measure.stop
            made = its != "brand" or not wanted or _made(wanted, one, agreement)
            if beyond or (made and not measure.stated):
                stays = False
            else:
                dropped.add(place)
        if stays:
            found.append(measure)
    return found, dropped


def _made(wanted: Sequence[int], one: Meaning, agreement: Agreement) -> bool:
    return any(agreement.have(thing, node) for thing in wanted for node in one.weights)
