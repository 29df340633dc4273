"""Where a table's rows come from and who reads them, as far as pipelines, jobs and synced tables tell it."""

from collections.abc import Iterator
from dataclasses import dataclass

from local_workspace.engines.jobs import JobsEngine
from local_workspace.engines.pipelines import PipelinesEngine
from local_workspace.engines.pipelines.documents import FlowDefinition
from local_workspace.engines.postgres import PostgresEngine
from local_workspace.pages.catalog.securable import path_of
from local_workspace.pages.drawing import Drawing, Node, draw


@dataclass(frozen=True)
class Sources:
    """The engines that know of lineage."""

    pipelines: PipelinesEngine
    jobs: JobsEngine
    postgres: PostgresEngine


@dataclass(frozen=True)
class Link:
    """Rows that go from one thing to another, through `by`, which has a title and a path.

    Both ends are names of tables, or the path of a job that a table starts.
    """

    source: str
    target: str
    by: tuple[str, str]


@dataclass(frozen=True)
class Lineage:
    """The tables before and after one, its direct neighbours as links, and a drawing of all."""

    drawing: Drawing
    upstream: list[Link]
    downstream: list[Link]


def of_table(sources: Sources, full_name: str) -> Lineage:
    """The lineage of the table `full_name`, over any number of steps in both directions."""
    links = list(dict.fromkeys(_links(sources)))
    above = _reached(full_name, [(link.target, link.source) for link in links])
    below = _reached(full_name, [(link.source, link.target) for link in links])
    shown = {full_name, *above, *below}
    nodes = [_node(name, full_name, links) for name in sorted(shown)]
    return Lineage(
        draw(nodes),
        [link for link in links if link.target == full_name],
        [link for link in links if link.source == full_name],
    )


def _links(sources: Sources) -> Iterator[Link]:
    for pipeline in sources.pipelines.list():
        by = (pipeline["name"], f"/pipelines/{pipeline['pipeline_id']}")
        for flow in _flows(sources.pipelines, pipeline["pipeline_id"]):
            output = _plain(flow["output_dataset"])
            yield from (Link(_plain(source), output, by) for source in flow["input_datasets"])
    for job in sources.jobs.find():
        trigger = job["settings"].get("trigger", {})
        by = (job["settings"]["name"], f"/jobs/{job['job_id']}")
        for table in trigger.get("table_update", {"table_names": []})["table_names"]:
            yield Link(table, by[1], by)
    for name in sources.postgres.synced.names():
        synced, _ = sources.postgres.synced.get(name)
        yield Link(synced["source"], name, (f"Lakebase: {synced['project']}", "/lakebase"))


def _flows(pipelines: PipelinesEngine, pipeline_id: str) -> list[FlowDefinition]:
    """The flows that the newest update with any has defined."""
    newest, found = "", []
    for event in pipelines.events(pipeline_id).read():
        definition = event.get("details", {}).get("flow_definition")
        if definition and newest in ("", event["origin"]["update_id"]):
            newest = event["origin"]["update_id"]
            found.append(definition)
    return found


def _plain(name: str) -> str:
    return name.replace("`", "")


def _reached(start: str, steps: list[tuple[str, str]]) -> set[str]:
    """All that can be reached from `start` by `steps`."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        at = waiting.pop()
        fresh = {target for source, target in steps if source == at} - found
        found |= fresh
        waiting += fresh
    return found - {start}


def _node(name: str, current: str, links: list[Link]) -> Node:
    after = [link.source for link in links if link.target == name]
    if name.startswith("/jobs/"):
        title = next(link.by[0] for link in links if link.target == name)
        return Node(name, title, after, detail="Job", link=name)
    _, schema, label = name.split(".", 2)
    if name == current:
        return Node(name, label, after, detail="This table", state="ACTIVE")
    synced = any(link.target == name and link.by[1] == "/lakebase" for link in links)
    return Node(name, label, after, "Synced table" if synced else schema, link="/lakebase" if synced else path_of(name))
