from types import SimpleNamespace

from caspers.platform.links import sign_in_links

ENTRIES = [{"type": "app", "name": "desk"}, {"type": "job", "name": "bake"}]


def test_each_link_has_a_code_of_its_own_and_leads_to_the_workspace_or_an_app():
    codes = iter("ab")
    client = SimpleNamespace(do=lambda method, path: {"code": next(codes)} if method == "POST" else path)
    connection = SimpleNamespace(host="http://127.0.0.1:1")
    ws = SimpleNamespace(local=True, w=SimpleNamespace(api_client=client), connection=connection)
    assert sign_in_links(ws, ENTRIES) == {
        "workspace": "http://127.0.0.1:1/login?code=a&next=%2F",
        "desk": "http://127.0.0.1:1/login?code=b&next=%2Flogin%2Fapp%3Fname%3Ddesk",
    }


def test_databricks_needs_none():
    assert sign_in_links(SimpleNamespace(local=False), ENTRIES) == {}
