from types import SimpleNamespace

from local_workspace.engines.catalog.tables import TablesEngine


def relation(name: str, kind: str, **properties: str) -> dict[str, object]:
    return {"schema": "food", "name": name, "type": kind, "properties": properties}


def test_the_version_of_a_table_is_that_of_its_document_and_a_view_has_none():
    found = [
        relation("salt", "MANAGED", **{"delta.lastUpdateVersion": "21"}),
        relation("seasoned", "VIEW"),
        relation("imported", "EXTERNAL"),
    ]
    engine = TablesEngine(SimpleNamespace(), SimpleNamespace(relations=lambda: found), SimpleNamespace())
    assert engine.versions("shop") == [{"full_name": "shop.food.salt", "table_type": "MANAGED", "version": 21}]
