"""Permissions that are sent with a job: set as the permissions API sets them, or the job is not made."""

import pytest
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service.jobs import JobAccessControlRequest, JobPermissionLevel

from job_graphs import API, task
from job_workspace import USER, JobWorkspace, serving

EVERYONE = {"group_name": "users", "permission_level": "CAN_VIEW"}
OTHER_OWNER = {"service_principal_name": "app", "permission_level": "IS_OWNER"}
STRANGER = {"user_name": "a@b.c", "permission_level": "CAN_VIEW"}
MINE = (USER, "IS_OWNER")


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("job-permissions") / "home") as workspace:
        yield workspace


def send(space: JobWorkspace, path: str, body: dict) -> dict:
    return space.w.api_client.do("POST", f"{API}/{path}", body=body)


def held(space: JobWorkspace, job_id: int) -> list[tuple[str | None, str]]:
    rows = space.w.jobs.get_permissions(str(job_id)).access_control_list
    return [
        (row.user_name or row.group_name or row.service_principal_name, row.all_permissions[0].permission_level.value)
        for row in rows[:-1]  # without the administrators
    ]


def test_a_job_is_made_with_its_permissions(space):
    request = JobAccessControlRequest(group_name="users", permission_level=JobPermissionLevel.CAN_MANAGE_RUN)
    job_id = space.w.jobs.create(name="shared", access_control_list=[request]).job_id
    assert held(space, job_id) == [MINE, ("users", "CAN_MANAGE_RUN")]
    assert "access_control_list" not in space.w.jobs.get(job_id).settings.as_dict()


def test_a_job_is_made_for_another_owner(space):
    job_id = send(space, "create", {"name": "given", "access_control_list": [OTHER_OWNER]})["job_id"]
    assert held(space, job_id) == [("app", "IS_OWNER")]


@pytest.mark.parametrize(
    ("entries", "error", "says"),
    [
        ([STRANGER], NotFound, "UserName"),
        ([{"group_name": "users", "permission_level": "CAN_EDIT"}], BadRequest, "no level of a job"),
        ([OTHER_OWNER, {"user_name": USER, "permission_level": "IS_OWNER"}], BadRequest, "exactly one owner"),
        ([{"permission_level": "CAN_VIEW"}], BadRequest, "should have one of user_name"),
    ],
)
@pytest.mark.parametrize("path", ["create", "runs/submit"])
def test_nothing_is_made_with_refused_permissions(space, path, entries, error, says):
    before = (len(list(space.w.jobs.list())), len(list(space.w.jobs.list_runs())))
    with pytest.raises(error, match=says):
        send(space, path, {"tasks": [task("t")], "access_control_list": entries})
    assert (len(list(space.w.jobs.list())), len(list(space.w.jobs.list_runs()))) == before


@pytest.mark.parametrize("path", ["reset", "update"])
def test_new_settings_change_the_permissions_if_they_name_some(space, path):
    first = [OTHER_OWNER, EVERYONE]
    job_id = send(space, "create", {"name": "before", "access_control_list": first})["job_id"]
    send(space, path, {"job_id": job_id, "new_settings": {"name": "between"}})
    assert held(space, job_id) == [("app", "IS_OWNER"), ("users", "CAN_VIEW")]
    runs = EVERYONE | {"permission_level": "CAN_MANAGE_RUN"}
    send(space, path, {"job_id": job_id, "new_settings": {"name": "after", "access_control_list": [runs]}})
    assert held(space, job_id) == [("app", "IS_OWNER"), ("users", "CAN_MANAGE_RUN")]
    for refused in ({"access_control_list": [STRANGER]}, {"access_control_list": [], "continuous": {"x": "y"}}):
        with pytest.raises((NotFound, BadRequest)):
            send(space, path, {"job_id": job_id, "new_settings": {"name": "never", **refused}})
    assert space.w.jobs.get(job_id).settings.name == "after"
    assert held(space, job_id)[-1] == ("users", "CAN_MANAGE_RUN")


def test_a_submitted_run_has_permissions_under_its_job_id(space):
    body = {"tasks": [task("t")], "idempotency_token": "once"}
    run_id = send(space, "runs/submit", body | {"access_control_list": [EVERYONE]})["run_id"]
    assert send(space, "runs/submit", body) == {"run_id": run_id}
    job_id = space.w.jobs.get_run(run_id).job_id
    assert held(space, job_id) == [MINE, ("users", "CAN_VIEW")]
    with pytest.raises(NotFound):
        space.w.jobs.get_permissions("123456789")
