"""How lists are measured: what users are asked about, metrics, bands of popularity, intervals.

A build measures with them what it keeps, and `recommend.evaluate` what it made.
"""
