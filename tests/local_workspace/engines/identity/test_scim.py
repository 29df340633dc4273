"""SCIM's filters, attributes and patches."""

import pytest

from local_workspace.engines.identity import scim
from local_workspace.engines.identity.documents import NOTHING_SAID

ANA = {"schemas": ["User"], "id": "1", "userName": "ana@example.com", "displayName": "Ana", "active": True}
ANA |= {"emails": [{"value": "ana@example.com", "primary": True}], "groups": [{"display": "users", "value": "7"}]}
BO = ANA | {"id": "2", "userName": "bo@example.com", "displayName": 'Bo "B" Ek', "active": False, "emails": []}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("", ["1", "2"]),
        ('userName eq "ana@example.com"', ["1"]),
        ("userName eq ana@example.com", ["1"]),
        ('USERNAME Eq "ANA@example.com"', ["1"]),
        ('userName ne "ana@example.com"', ["2"]),
        ('displayName sw "B"', ["2"]),
        ('displayName co "n"', ["1"]),
        (r'displayName eq "Bo \"B\" Ek"', ["2"]),
        ("active eq true", ["1"]),
        ('emails.value co "ana"', ["1"]),
        ('emails co "ana"', ["1"]),
        ('groups eq "7" and active eq false', ["2"]),
        ('id eq "1" or id eq "2"', ["1", "2"]),
        ('id eq "1" and active eq false or displayName sw "bo"', ["2"]),
        ('nothing eq "x"', []),
    ],
)
def test_a_filter_finds_what_it_says(expression, found):
    assert [each["id"] for each in scim.listed([ANA, BO], expression)] == found


@pytest.mark.parametrize(
    "expression",
    [
        "userName",
        "userName pr",
        'id gt "1"',
        'not (id eq "1")',
        '(id eq "1")',
        'id eq "1" xor id eq "2"',
        'id eq "1" and',
    ]
    + [" or ".join(['id eq "1"'] * 201)],
)
def test_another_filter_is_refused(expression):
    with pytest.raises(scim.ScimError, match="is not supported") as failed:
        scim.listed([ANA], expression)
    assert (failed.value.status, failed.value.scim_type) == (400, "invalidFilter")


def test_a_list_is_sorted_by_an_attribute():
    assert [each["id"] for each in scim.listed([ANA, BO], sort_by="displayName", descending=True)] == ["2", "1"]
    assert [each["id"] for each in scim.listed([BO, ANA], sort_by="username")] == ["1", "2"]


def test_attributes_are_chosen_and_left_out():
    assert scim.with_attributes(ANA, "displayName") == {"schemas": ["User"], "id": "1", "displayName": "Ana"}
    assert scim.with_attributes(ANA, "emails.value").keys() == {"schemas", "id", "emails"}
    assert scim.with_attributes(ANA, "", "groups,emails,id").keys() == ANA.keys() - {"groups", "emails"}


@pytest.mark.parametrize(
    ("operation", "changed"),
    [
        ({"op": "replace", "path": "displayName", "value": "Ana"}, {"display_name": "Ana"}),
        ({"op": "Replace", "path": "displayName", "value": [{"value": "Ana"}]}, {"display_name": "Ana"}),
        ({"op": "remove", "path": "displayName"}, {"display_name": ""}),
        ({"op": "replace", "path": "active", "value": [{"value": "false"}]}, {"active": False}),
        ({"op": "replace", "path": "active", "value": False}, {"active": False}),
        ({"op": "add", "path": "name.givenName", "value": "Ana"}, {"given_name": "Ana"}),
        (
            {"op": "add", "value": {"name": {"familyName": "Ek"}, "externalId": "e"}},
            {"family_name": "Ek", "external_id": "e"},
        ),
        (
            {"op": "add", "path": "entitlements", "value": [{"value": "workspace-access"}]},
            {"entitlements": ["databricks-sql-access", "workspace-access"]},
        ),
        ({"op": "replace", "path": "entitlements", "value": []}, {"entitlements": []}),
        ({"op": "remove", "path": 'entitlements[value eq "databricks-sql-access"]'}, {"entitlements": []}),
        ({"op": "remove", "path": "entitlements"}, {"entitlements": []}),
        ({"op": "remove", "path": "entitlements", "value": [{"value": "workspace-access"}]}, {}),
    ],
)
def test_a_patch_changes_what_it_names(operation, changed):
    settings = NOTHING_SAID | {"display_name": "Old", "entitlements": ["databricks-sql-access"]}
    assert scim.patched(settings, [{"path": None, "value": None} | operation]) == settings | changed


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "move", "path": "displayName", "value": "x"}, "invalidSyntax"),
        ({"op": "replace", "path": "userName", "value": "x"}, "invalidPath"),
        ({"op": "remove", "path": "active"}, "invalidPath"),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
        ({"op": "replace", "path": "displayName", "value": 7}, "invalidValue"),
        ({"op": "add", "path": "entitlements", "value": [{"value": "everything"}]}, "invalidValue"),
        ({"op": "add", "path": "entitlements", "value": [7]}, "invalidValue"),
        ({"op": "add", "value": "x"}, "noTarget"),
    ],
)
def test_another_patch_is_refused(operation, scim_type):
    with pytest.raises(scim.ScimError) as failed:
        scim.patched(NOTHING_SAID, [{"path": None, "value": None} | operation])
    assert (failed.value.status, failed.value.scim_type) == (400, scim_type)
