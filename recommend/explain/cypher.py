"""Explanation paths as Cypher, to be pasted into Neo4j Browser."""

from __future__ import annotations

from kg.cypher import node_pattern, quote, relation_type
from kg.graph import USER_RELATIONS
from recommend.explain.explanation import ExplainedEdge, ExplainedNode, ExplainedPath, Explanation

_MET = "|".join(name.upper() for name in USER_RELATIONS.values())
_MOST_USERS = 25


def statements(explanation: Explanation) -> str:
    """One statement for each path, which shows that path and nothing else.

    Stored edges are matched as they are; behind what users did with two products stand up to 25 of these
    users. What is only similar has no edge in the store: the ends are shown and a comment says how alike they
    are.
    """
    return "\n".join(_Statement(path).text() for path in explanation.paths) + "\n"


class _Statement:
    """A statement while the edges of a path are put into it, one after the other."""

    def __init__(self, path: ExplainedPath) -> None:
        self._comments: list[str] = []
        self._clauses: list[str] = []
        self._paths = 0
        self._chain = ""  # the pattern that grows while edges are stored
        self._open: ExplainedNode | None = None  # a node that no pattern has yet
        self._most = 1
        for edge in path.edges:
            if edge.stored:
                self._stored(edge)
            elif edge.support_unit == "users" and edge.start.kind == edge.end.kind == "product":
                self._behaviour(edge)
            else:
                self._alike(edge)
        self._close()

    def text(self) -> str:
        names = ", ".join(f"p{number}" for number in range(self._paths))
        return "\n".join([*self._comments, f"{' '.join(self._clauses)} RETURN {names} LIMIT {self._most};"])

    def _stored(self, edge: ExplainedEdge) -> None:
        arrow = f"-[:{relation_type(edge.relation)}]-"
        self._chain = self._chain or _node(edge.start)
        self._chain += f"{arrow}>" if edge.forward else f"<{arrow}"
        self._chain += _node(edge.end)
        self._open = None

    def _behaviour(self, edge: ExplainedEdge) -> None:
        """The users behind it; those who met the second product later, if the edge says 'next'."""
        self._open = None
        self._close()
        users = f"{edge.support or 0:.0f} user{'' if edge.support == 1 else 's'}"
        self._comment(edge, f"{users}; at most {_MOST_USERS} are shown")
        start, end = _node(edge.start), _node(edge.end)
        who = "(:User)"
        if edge.relation.endswith("_next"):
            moments = (f"max(coalesce({name}.time, {name}.position)) AS {name}" for name in ("first", "then"))
            known = "".join(f", p{number}" for number in range(self._paths))
            self._clauses.append(
                f"MATCH {start}<-[first:{_MET}]-(user:User)-[then:{_MET}]->{end} "
                f"WITH user{known}, {', '.join(moments)} WHERE first < then"
            )
            who = "(user)"
        self._match(f"{start}<-[:{_MET}]-{who}-[:{_MET}]->{end}")
        self._most = _MOST_USERS

    def _alike(self, edge: ExplainedEdge) -> None:
        """No stored edge: both ends stand for themselves."""
        self._comment(edge, f"{edge.support_unit} {edge.support:.3g}" if edge.support is not None else "")
        if edge.start.stored and not self._chain:
            self._open = edge.start
        self._close()
        self._open = edge.end if edge.end.stored else None

    def _comment(self, edge: ExplainedEdge, support: str) -> None:
        derived = f"{quote(edge.start.label)} -[{edge.relation}]-> {quote(edge.end.label)}"
        self._comments.append(f"// derived, not stored: {derived} {support}".rstrip())

    def _close(self) -> None:
        if self._chain:
            self._match(self._chain)
        elif self._open is not None:
            self._match(_node(self._open))
        self._chain, self._open = "", None

    def _match(self, pattern: str) -> None:
        self._clauses.append(f"MATCH p{self._paths} = {pattern}")
        self._paths += 1


def _node(node: ExplainedNode) -> str:
    return node_pattern(node.kind, node.id)  # type: ignore[arg-type]
