from types import SimpleNamespace

from caspers.platform.links import links

ENTRIES = [
    {"type": "app", "name": "desk", "task": "Bake", "state": "RUNNING", "url": "http://127.0.0.1:2"},
    {"type": "job", "name": "bake", "task": "Bake", "state": "SCHEDULED", "url": None},
]


def test_each_link_of_a_laptop_has_a_code_of_its_own_and_leads_to_a_page_or_an_app():
    codes = iter("abc")
    client = SimpleNamespace(do=lambda method, path: {"code": next(codes)} if method == "POST" else path)
    connection = SimpleNamespace(host="http://127.0.0.1:1")
    ws = SimpleNamespace(local=True, w=SimpleNamespace(api_client=client), connection=connection)
    assert links(ws, ENTRIES) == {
        "workspace": "http://127.0.0.1:1/login?code=a&next=%2F",
        "MLflow": "http://127.0.0.1:1/login?code=b&next=%2Fml%2Fexperiments",
        "desk": "http://127.0.0.1:1/login?code=c&next=%2Flogin%2Fapp%3Fname%3Ddesk",
    }


def test_on_databricks_a_browser_signs_in_with_the_account():
    ws = SimpleNamespace(local=False, connection=SimpleNamespace(host="https://a.databricks.com"))
    assert links(ws, ENTRIES) == {
        "workspace": "https://a.databricks.com",
        "MLflow": "https://a.databricks.com/ml/experiments",
        "desk": "http://127.0.0.1:2",
    }
