"""Names of Lakebase resources."""

import pytest

from local_workspace.engines.postgres import names
from local_workspace.runtime.errors import ApiError

PROJECTS = ["a", "kitchen-refunds", "a1-", "a" * 63]
DATABASES = ["a", "_a", "caspers_complaints", "a" * 63]
ROLES = ["app-refunds", "1b9a-44", "you@localhost", "A.b_c", "zoë+tests@o'brien.example"]
CATALOGS = ["a", "My_Dev", "_x1", "a" * 255]


@pytest.mark.parametrize(
    ("check", "name"),
    [
        (check, name)
        for check, allowed in (
            (names.check_project, PROJECTS),
            (names.check_database, DATABASES),
            (names.check_role, ROLES),
            (names.check_catalog, CATALOGS),
        )
        for name in allowed
    ],
)
def test_a_name_that_is_allowed(check, name):
    check(name)


@pytest.mark.parametrize(
    ("check", "name"),
    [
        *((names.check_project, name) for name in ("", "A", "1a", "-a", "a_b", "a" * 64, "a\n", "a/b")),
        *((names.check_database, name) for name in ("", "A", "1a", "a-b", "a" * 64, "a\n", 'a"', "__")),
        *(
            (names.check_role, name)
            for name in ("", "postgres", "pg_monitor", "-a", "a b", "a" * 64, "ë" * 32, "a\n", 'a"')
        ),
        *((names.check_catalog, name) for name in ("", "1a", "a-b", "a.b", "a" * 256, "a\n")),
    ],
)
def test_a_name_that_is_not_allowed(check, name):
    with pytest.raises(ApiError) as refused:
        check(name)
    assert refused.value.status == 400 and repr(name) in refused.value.message


def test_paths_lead_back_to_their_project():
    assert names.branch_path("p") == "projects/p/branches/production"
    assert names.endpoint_path("p") == "projects/p/branches/production/endpoints/primary"
    assert names.project_of(names.branch_path("p")) == "p"


@pytest.mark.parametrize(
    "branch",
    ["", "p", "projects/p", "projects/p/branches/main", "projects//branches/production", "/projects/p/branches/"],
)
def test_a_branch_that_is_no_path_of_the_one_branch(branch):
    with pytest.raises(ApiError, match="must be projects/<project>/branches/production"):
        names.project_of(branch)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("caspers_complaints", "caspers-complaints"), ("You@LocalHost", "you-localhost"), ("_a__b_", "a-b"), ("a", "a")],
)
def test_the_last_part_of_a_path(name, expected):
    assert names.dns_name(name) == expected
