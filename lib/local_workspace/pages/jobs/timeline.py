"""When the tasks of a run have run: a Gantt chart.

A repair may come hours after the run. The chart has a period for the run and for each repair, without what is between.
"""

from dataclasses import dataclass, field

from local_workspace.engines.jobs.run_documents import Run, TaskRun
from local_workspace.engines.jobs.states import is_active, shown_state
from local_workspace.engines.jobs.views import repair_history
from local_workspace.pages.formats import duration
from local_workspace.pages.jobs.rows import lasted, run_link
from local_workspace.runtime.timestamps import now_ms

_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400]  # seconds
_TICKS = 6  # at most
_LEAST = 0.4  # per cent: a task of a moment can be seen


@dataclass(frozen=True)
class Bar:
    """An attempt of a task: its place from 0 to 100, its state and its page."""

    left: float
    width: float
    state: str
    link: str
    label: str


@dataclass(frozen=True)
class Lane:
    """A task with its attempts; `took` is how long the last one has taken, in ms."""

    key: str
    bars: list[Bar]
    took: int | None


@dataclass(frozen=True)
class Tick:
    """A moment on the axis, from 0 to 100, and the time since the run's start."""

    left: float
    label: str


@dataclass
class Timeline:
    """The chart: its axis, where repairs begin (0 to 100), and a lane for each task in the order they began."""

    ticks: list[Tick] = field(default_factory=list)
    repairs: list[float] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)


def timeline(run: Run) -> Timeline:
    """The chart of a run, up to now if it is active."""
    periods, chart = _periods(run), Timeline()
    total = max(1, sum(end - start for start, end in periods))

    def place(moment: int) -> float:
        before = sum(max(0, min(moment, end) - start) for start, end in periods)
        return round(100 * before / total, 2)

    chart.repairs = [place(start) for start, _ in periods[1:]]
    chart.ticks = [Tick(100 * 1000 * second / total, _label(second)) for second in _seconds(total / 1000)]
    lanes: dict[str, list[TaskRun]] = {}
    for task in sorted(run["tasks"], key=lambda task: task["start_time"] or 2**60):
        lanes.setdefault(task["task_key"], []).append(task)
    for key, attempts in lanes.items():
        bars = [_bar(run["job_id"], each, place(each["start_time"]), place(_end(each))) for each in attempts]
        began = [bar for bar, each in zip(bars, attempts, strict=True) if each.get("began_at")]
        chart.lanes.append(Lane(key, began, lasted(attempts[-1])))
    return chart


def _periods(run: Run) -> list[tuple[int, int]]:
    """Start and end of the run and of each repair, in ms since 1970."""
    items = repair_history(run)
    return [(item["start_time"], max(item["start_time"], item.get("end_time") or now_ms())) for item in items]


def _end(task: TaskRun) -> int:
    return now_ms() if is_active(task) else task.get("end_time", task["start_time"])


def _bar(job_id: int, task: TaskRun, left: float, right: float) -> Bar:
    left = min(left, 100 - _LEAST)
    took = lasted(task)
    label = f"{task['task_key']}, attempt {task['attempt_number'] + 1}" if task["attempt_number"] else task["task_key"]
    return Bar(
        left,
        max(_LEAST, round(right - left, 2)),
        shown_state(task["state"]),
        run_link(job_id, task["run_id"]),
        f"{label}: {duration(took)}",
    )


def _seconds(total: float) -> list[int]:
    """Round moments of the axis, in seconds."""
    step = next((step for step in _STEPS if total / step < _TICKS), _STEPS[-1])
    return list(range(0, int(total) + 1, step))[: 10 * _TICKS]


def _label(second: int) -> str:
    return duration(1000 * second).removesuffix(" 0s").removesuffix(" 0m") if second >= 60 else f"{second} s"
