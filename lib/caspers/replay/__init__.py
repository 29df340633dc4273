"""Replay of the canonical dataset: the kitchens' events as files of JSON lines, with current times."""

from caspers.replay.run import ReplayResult, replay
from caspers.replay.watermark import ReplayError, describe

__all__ = ["ReplayError", "ReplayResult", "describe", "replay"]
