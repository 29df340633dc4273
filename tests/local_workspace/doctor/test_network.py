import socket
from pathlib import Path

import pytest

from local_workspace.doctor import network
from local_workspace.engines.postgres.addresses import Address


@pytest.mark.parametrize(
    ("addresses", "verdict"),
    [(["127.0.0.1"], "ok"), (["::1", "127.0.0.1"], "ok"), (["::1"], "failed"), ([], "failed")],
)
def test_localhost_has_to_be_where_spark_listens(addresses, verdict):
    found = network.localhost(lambda _: addresses)
    assert found.verdict == verdict and bool(found.remedy) == (verdict == "failed")


def test_this_machines_localhost_is_looked_up():
    assert "127.0.0.1" in network.addresses_of("localhost")
    assert network.addresses_of("no machine has this name") == []


def test_a_port_is_free(home_root):
    assert network.free_ports(home_root, lambda: 12345).text == "12345 is free, for example"


def test_a_wanted_port_that_is_taken(home_root, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        monkeypatch.setenv("LOCAL_WORKSPACE_PORT", str(port))
        found = network.free_ports(home_root)
    assert found.verdict == "failed" and f"Port {port} is already taken" in found.text
    assert "LOCAL_WORKSPACE_PORT" in found.remedy
    assert network.free_ports(home_root).text == f"{port} is free"


def test_no_port_at_all(home_root):
    def refuse():
        raise PermissionError("not allowed")

    found = network.free_ports(home_root, refuse)
    assert found.verdict == "failed" and "not allowed" in found.text and found.remedy


def test_lakebases_port_can_be_had_or_a_client_has_to_take_another():
    found = network.lakebase_port(lambda: Address("127.3.2.1", 5432))
    assert found.verdict == "ok" and "127.3.2.1" in found.text
    found = network.lakebase_port(lambda: Address("127.0.0.1", 54321))
    assert found.verdict == "warning" and "5432 is free at no address" in found.text and found.remedy


def test_a_list_of_certificates_that_libpq_trusts_alone(tmp_path):
    assert network.lakebase_certificates(tmp_path).verdict == "ok"
    (tmp_path / "root.crt").touch()
    found = network.lakebase_certificates(tmp_path)
    assert found.verdict == "warning" and str(tmp_path / "root.crt") in found.text and found.remedy


def test_a_running_workspace_is_no_obstacle(workspace):
    found = network.free_ports(Path(workspace["CASPERS_HOME"]))
    assert found.verdict == "ok" and workspace["DATABRICKS_HOST"] in found.text


def test_proxies_are_named(monkeypatch):
    assert network.proxy({"HOME": "x"}).text == "none"
    found = network.proxy({"HTTPS_PROXY": "http://proxy.example:3128", "http_proxy": ""})
    assert found.verdict == "ok" and found.text.startswith("HTTPS_PROXY; this machine is reached without")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert network.proxy({"ALL_PROXY": "socks5://proxy.example:1080"}).verdict == "warning"
