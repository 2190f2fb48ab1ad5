"""Facts may extend the category tree, but never bend it into a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kg.graph import SUBCATEGORY_OF
from kg.reading import Reading
from kg.records import CATEGORY_SEPARATOR, Fact, ProductPatch, Record


class CategoryTree:
    """Watches records on their way into a store; the tree is read only when the first such fact comes."""

    def __init__(self, facts: Callable[[], Iterable[Fact]]) -> None:
        self._facts = facts
        self._parents: dict[str, set[str]] | None = None

    def guard(self, reading: Reading) -> Iterator[Record | ProductPatch]:
        """The records, without facts that would close a circle; those are rejected in the reading."""
        for record in reading:
            if (
                isinstance(record, Fact)
                and record.relation == SUBCATEGORY_OF
                and record.head_kind == record.tail_kind == "category"
            ):
                if self._reaches(record.tail, record.head):
                    reading.reject(
                        record,
                        field="tail",
                        value=record.tail,
                        rule=f"a category cycle: {record.tail!r} already lies below {record.head!r}",
                    )
                    continue
                self._tree().setdefault(record.head, set()).add(record.tail)
            yield record

    def _tree(self) -> dict[str, set[str]]:
        if self._parents is None:
            self._parents = {}
            for fact in self._facts():
                if fact.relation == SUBCATEGORY_OF and fact.head_kind == fact.tail_kind == "category":
                    self._parents.setdefault(fact.head, set()).add(fact.tail)
        return self._parents

    def _reaches(self, start: str, goal: str) -> bool:
        seen, queue = set(), [start]
        while queue:
            category = queue.pop()
            if category == goal:
                return True
            if category in seen:
                continue
            seen.add(category)
            queue.extend(self._tree().get(category, ()))
            if CATEGORY_SEPARATOR in category:  # the path itself names the parent
                queue.append(category.rsplit(CATEGORY_SEPARATOR, 1)[0])
        return False
