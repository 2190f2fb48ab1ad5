"""A search, from the words typed to products in order: read, narrow, gather what the channels say, add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from kg.errors import SettingsError
from kg.filters import Filter, FilterIndex
from recommend.asking import query_reader
from recommend.behaviour import History
from recommend.channels.queries import mentioning
from recommend.channels.signals import CertainSignal, Signal
from recommend.fitting import Fitted
from recommend.leaving_out import left_out
from recommend.linked import Linked
from recommend.query import PreparedQuery, Query
from recommend.query_encoders import QueryEncoders
from recommend.rank.additive import Additive
from recommend.rank.balance import Balance
from recommend.rank.blend import Part
from recommend.search_notes import UNKNOWN_USER, called_otherwise, filtered_away, never_both, of_reading
from recommend.search_order import Asked, Mask, Numbers, Order, Scores
from recommend.shopfront import Active, Correction, Page, Profile, Ranking, Shopfront, SortOrder, check_sort
from recommend.shopfront.relevance import SHARE
from recommend.shopfront.rewording import with_synonyms
from recommend.shopfront.rules import types_of
from recommend.titles import Titles
from recommend.understand.reading import Reading
from recommend.understand.tokens import tokens

_UNLIKELY = 0.1
"""What a word means with less than this share of the likeliest chance is not what has to be in stock."""
PLAIN = Profile()
"""No profile: everything as it was learned."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """The products of a search, best first. `signals` (float32 [m] by name) add up to the additive score;
    where trees ranked again, `adjustment` is what they added to it, else None."""

    asked: Asked
    page: Page
    signals: Mapping[str, Scores] = field(default_factory=dict)
    adjustment: Scores | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """One product's score: the parts' sum, the trees' `adjustment`, and what each of the shop's `rules`
    added; `told` says in words what rules did."""

    asked: Asked
    score: float
    adjustment: float
    rules: Mapping[str, float]
    told: tuple[str, ...]


class Searching:
    """Answers searches with a fitted model. Safe to use from many threads."""

    def __init__(
        self,
        fitted: Fitted,
        encoders: QueryEncoders,
        filters: FilterIndex,
        front: Shopfront,
        tastes: Additive,
        *,
        taste: float,
    ) -> None:
        self._fitted = fitted
        self._encoders = encoders.spaces
        self._filters = filters
        self._front = front
        self._tastes = tastes
        self._taste = taste
        self._linked = Linked.of(fitted.graph)
        self._titles = Titles(fitted.graph.products.title, mentioning(fitted.query_channels))
        read = query_reader(fitted.reader, fitted.intent, encoders.spaces)
        self.read = with_synonyms(read, front.rules.rules.synonyms)

    def ranked(
        self, query: Query, history: History | None = None, *, weights: Mapping[str, float] | None = None
    ) -> tuple[Numbers, Scores]:
        """(the best `query.k` products, their scores), as the model ranks them: without what the shop decides
        beside it. With `weights`, as these channels would (those left out are off)."""
        asked = self.asked(query, history, weights=weights)
        return Order(asked, self._fitted.ranker).best(query.k, asked.allowed)

    def found(self, query: Query, history: History | None = None) -> Found:
        """What a search shows, by the shop's rules, in the order and with the facets that are asked for."""
        asked = self.asked(query, history, profile=self._front.rules.profile(query.profile))
        order, balance = Order(asked, self._fitted.ranker), _balance(query, asked.profile)
        shown = self._rules(asked)
        page = self._front.page(
            Ranking(
                best=order.best,
                parts=asked.parts,
                scores=order.scores,
            ),
            k=query.k,
            where=query.where if asked.counted else (),
            active=shown.active,
            hidden=~asked.allowed if shown.hidden is None else shown.hidden | ~asked.allowed,
            sort=_sort(query, asked.profile),
            balance=balance,
            facets=query.facets,
            share=SHARE if asked.profile.relevance is None else asked.profile.relevance,
        )
        asked = replace(asked, notes=(*asked.notes, *self._notes(asked, query, history, page)))
        if balance and page.balanced is not None:
            asked = replace(asked, notes=(*asked.notes, balance.note))
        signals: dict[str, Scores] = {}
        for part in asked.parts:
            signals.update(part.shares(page.products))
        return Found(
            asked=asked,
            page=page,
            signals={**signals, **page.signals},
            adjustment=order.adjustments(page.products),
        )

    def judged(self, query: Query, history: History | None, products: Numbers) -> tuple[Judged, ...]:
        """The scores that a search gives some products, listed or not, and what they are made of."""
        asked = self.asked(query, history, profile=self._front.rules.profile(query.profile))
        order = Order(asked, self._fitted.ranker)
        if order.ranks_again:  # trees know only the products that they ranked
            order.best(query.k, asked.allowed)
        active = self._rules(asked).active
        scores, moved = order.scores(products), order.adjustments(products)
        boosted = active.boosted(products, scores).tolist()
        adjustments = [0.0] * len(products) if moved is None else moved.tolist()
        ruled = {name: values.tolist() for name, values in active.signals(products, scores).items()}
        return tuple(
            Judged(
                asked=asked,
                score=boosted[place],
                adjustment=adjustments[place],
                rules={name: values[place] for name, values in ruled.items()},
                told=active.told(product, active.pin_of(product)),
            )
            for place, product in enumerate(products.tolist())
        )

    def asked(
        self,
        query: Query,
        history: History | None = None,
        *,
        weights: Mapping[str, float] | None = None,
        profile: Profile = PLAIN,
    ) -> Asked:
        """Read a query and ask every channel. SettingsError if it says nothing.

        A query of which the shop knows no word is searched with its spelling mended.
        """
        prepared = PreparedQuery(query=query, encoders=self._encoders, read=self.read)
        if not prepared.text and prepared.image is None:
            raise SettingsError("the search text is empty; type something, or call recommend()")
        said = _correction(prepared.reading)
        if said is not None and said.searched:
            mended = replace(query, text=said.text)
            prepared = PreparedQuery(query=mended, encoders=self._encoders, read=self.read)
        if weights is None:  # an empty mapping is meant: every channel off
            weights = self._fitted.weights["query"]
        parts = self._parts(prepared, history, weights, profile)
        # what facets count must not depend on the filters that are chosen in them: those come after
        counted = bool(query.facets) or _sort(query, profile) != "relevance"
        allowed, notes = self._narrowed(
            prepared,
            () if counted else query.where,
            named=any(isinstance(part.signal, CertainSignal) for part in parts),
        )
        told = [] if said is None else [said.note]
        return Asked(
            query=prepared,
            parts=parts,
            allowed=allowed,
            counted=counted,
            profile=profile,
            notes=(*told, *of_reading(prepared.reading), *notes),
            correction=said,
        )

    def _parts(
        self,
        query: PreparedQuery,
        history: History | None,
        weights: Mapping[str, float],
        profile: Profile,
    ) -> tuple[Part, ...]:
        """What every query channel says, and the user's taste beside it."""
        weights = profile.weighted(weights)
        found: list[Part] = []
        for _, channel in self._fitted.query_channels:
            wanted = weights.get(channel.name, 0.0) > 0
            signal: Signal | None = channel.signal(query) if wanted else None
            if signal is not None:
                found.append(
                    Part(
                        name=channel.name,
                        weight=weights[channel.name],
                        signal=signal,
                        leads=channel.leads,
                    )
                )
        if not found and query.image is not None and "image" not in self._encoders:
            raise SettingsError(
                "this version knows no pictures, so none can be searched for; "
                "load products with pictures and build with the profile 'full'"
            )
        if found and history is not None and len(history.products):
            taste = self._taste if profile.taste is None else profile.taste
            intent = sum(part.weight for part in found)
            found.append(Part.taste(self._tastes, history, taste * intent))
        return tuple(found)

    def _notes(self, asked: Asked, query: Query, history: History | None, page: Page) -> list[str]:
        """What to say of a result beside what its reading says."""
        reading, graph = asked.query.reading, self._fitted.graph
        listed = graph.products.listed
        notes = [] if history is None or len(history.products) else [UNKNOWN_USER]
        if reading.entities:
            notes += never_both(reading, listed & self._meant(reading), self._linked, self._titles)
        if len(page.products):
            return notes + called_otherwise(reading, page.products, graph)
        return notes + filtered_away(query.where, self._filters, listed)

    def _rules(self, asked: Asked) -> _Rules:
        """The shop's rules that hold for a query today."""
        rules, text, today = self._front.rules, asked.query.text, date.today()

        def types() -> frozenset[str]:
            return types_of(asked.query.reading, self._fitted.graph)

        return _Rules(
            active=rules.active(text, today, profile=asked.profile, types=types),
            hidden=rules.hidden(today, text, types=types),
        )

    def _narrowed(
        self, query: PreparedQuery, where: tuple[Filter, ...], *, named: bool
    ) -> tuple[Mask, list[str]]:
        """The products that may be named (bool [n]), and what had to be left aside for there to be any.

        The filters in `where` hold always. What the words ask for holds as long as something of the kind that
        is meant is left; not if they are the very name of a product (`named`), like "cable without plugs".
        """
        listed = self._fitted.graph.products.listed
        allowed = listed & self._filters.mask(where) if where else listed
        notes: list[str] = []
        reading = query.reading
        if named or not (reading.filters or reading.excluded):
            return allowed, notes
        meant = allowed & self._meant(reading)
        if not meant.any():
            meant = allowed
        for wish in reading.filters:
            mask = self._filters.mask((wish,))
            if not (meant & mask).any():
                notes.append(f"nothing here has {wish}: what comes near is shown")
            elif wish.field == "price":
                # no other amount is a limit: a product may say in its title what its attributes leave out
                allowed, meant = allowed & mask, meant & mask
        for entity in left_out(reading):
            mask = np.ones(len(listed), dtype=np.bool_)
            for node, _ in entity.nodes:
                mask[self._linked.members(node).numbers] = False
            if reading.of_role("type"):  # the titles of all products would take too long
                mask[list(self._titles.saying(entity.words, meant & mask))] = False
            if (meant & mask).any():
                allowed, meant = allowed & mask, meant & mask
            else:
                notes.append(f"everything here has “{entity.words}”")
        return allowed, notes

    def _meant(self, reading: Reading) -> Mask:
        """bool [n]: the products of the kind that is asked for; all, if no kind is."""
        kinds = reading.of_role("type")
        mask = np.full(self._fitted.graph.product_count, not kinds)
        for entity in kinds:
            least = _UNLIKELY * max((weight for _, weight in entity.nodes), default=0.0)
            for node, weight in entity.nodes:
                if weight >= least:
                    mask[self._linked.members(node).numbers] = True
        return mask


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rules:
    active: Active
    hidden: Mask | None


def _correction(reading: Reading) -> Correction | None:
    """What to say of a misspelt query. It is searched as it was probably meant if none of its words stays."""
    if not reading.corrected:
        return None
    kept = set(tokens(reading.text)) & set(tokens(reading.corrected))
    return Correction(typed=reading.text, text=reading.corrected, searched=not kept)


def _sort(query: Query, profile: Profile) -> SortOrder:
    return check_sort(query.sort or ("relevance" if query.balance else profile.sort))


def _balance(query: Query, profile: Profile) -> Balance | None:
    return query.balance if query.balance or query.sort else profile.balance
