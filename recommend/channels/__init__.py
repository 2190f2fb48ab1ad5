"""Channels: one file for each kind of evidence. Importing this package registers every file in it."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from recommend.channels.base import FitContext, Links, Prior, Task
from recommend.channels.signals import Signal

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["FitContext", "Links", "Prior", "Signal", "Task"]
