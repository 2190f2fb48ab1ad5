"""Learning to search without labels: the graph makes queries, grades products for them and teaches the
ranking."""
