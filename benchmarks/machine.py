"""The machine that a benchmark runs on."""

import os
import platform

import psutil


def described() -> str:
    """Its processor, memory and Python, in one line."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"
