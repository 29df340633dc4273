"""What an update's process reports, as events of the pipeline's log."""

from local_workspace.engines.pipelines.documents import (
    DatasetDefinition,
    Details,
    FlowDefinition,
    FlowProgress,
    Report,
)
from local_workspace.engines.pipelines.event_log import EventLog
from local_workspace.engines.pipelines.written import Written


class Reports:
    """Logs the reports of one update; names of datasets and flows get the `catalog` in front."""

    def __init__(self, log: EventLog, update_id: str, catalog: str, written: Written) -> None:
        self._log, self._update_id, self._catalog, self._written = log, update_id, catalog, written
        self._outputs: dict[str, str] = {}  # the dataset that a flow fills

    def log(self, report: Report) -> None:
        """Log a report, and what it defines."""
        flow = report.get("flow")
        self._log.append(
            self._update_id,
            report["event_type"],
            report["message"],
            dataset=report.get("dataset"),
            flow=self._full(flow) if flow else None,
            details=self._details(report),
            timestamp=report["timestamp"],
        )
        if "definitions" in report:
            for dataset in report["definitions"]["datasets"]:
                self._define_dataset(dataset)
            for each in report["definitions"]["flows"]:
                self._define_flow(each)

    def _define_dataset(self, dataset: DatasetDefinition) -> None:
        named: DatasetDefinition = {**dataset, "name": self._full(dataset["name"])}
        message = f"Dataset {named['name']} is defined as {named['dataset_type']}."
        self._log.append(self._update_id, "dataset_definition", message, details={"dataset_definition": named})

    def _define_flow(self, flow: FlowDefinition) -> None:
        self._outputs[flow["name"]] = flow["output_dataset"]
        named: FlowDefinition = {
            **flow,
            "name": self._full(flow["name"]),
            "output_dataset": self._full(flow["output_dataset"]),
            "input_datasets": [self._full(name) for name in flow["input_datasets"]],
        }
        message = f"Flow {named['name']} is defined as {named['flow_type']}."
        details: Details = {"flow_definition": named}
        self._log.append(self._update_id, "flow_definition", message, flow=named["name"], details=details)

    def _details(self, report: Report) -> Details | None:
        if "status" not in report and "quality" not in report:
            return None
        progress: FlowProgress = {"status": report.get("status", "RUNNING")}
        if "quality" in report:
            progress["data_quality"] = report["quality"]
        output = self._outputs.get(report.get("flow", ""))
        if output and progress["status"] == "COMPLETED":
            rows = self._written.rows(output)
            if rows is not None:
                progress["metrics"] = {"num_output_rows": rows}
        return {"flow_progress": progress}

    def _full(self, name: str) -> str:
        return f"{self._catalog}.{name}"
