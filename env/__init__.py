"""Environments: typed values from one YAML file each over one file of defaults."""

from __future__ import annotations

from env.document import Place, Problem
from env.fields import varying
from env.loader import InvalidEnvironment, Platform, load, names_in

__all__ = ["InvalidEnvironment", "Place", "Platform", "Problem", "load", "names_in", "varying"]
