"""The command line of HSSK Atlas. It holds no logic: it reads options, calls one function, prints the answer."""

from __future__ import annotations
