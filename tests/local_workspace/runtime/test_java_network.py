"""Java goes through the system's proxy: which properties it gets, and that Ivy, which fetches the jars, heeds them."""

import base64
import socketserver
import subprocess
import threading
from collections.abc import Iterator

import pytest

from local_workspace.runtime import environment, jars, java_network, software

BESIDE = "-Dhttp.nonProxyHosts=localhost|127.*"


@pytest.mark.parametrize(
    ("ambient", "properties"),
    [
        ({}, []),
        ({"no_proxy": "a.example"}, []),
        (
            {"https_proxy": "http://proxy.example:3128", "NO_PROXY": ".a.example, b"},
            [
                *("-Dhttps.proxyHost=proxy.example", "-Dhttps.proxyPort=3128"),
                f"{BESIDE}|a.example|*.a.example|b|*.b",
            ],
        ),
        ({"HTTP_PROXY": "proxy.example"}, ["-Dhttp.proxyHost=proxy.example", "-Dhttp.proxyPort=80", BESIDE]),
        ({"all_proxy": "socks5h://s.example"}, ["-DsocksProxyHost=s.example", "-DsocksProxyPort=1080", BESIDE]),
        ({"https_proxy": "http://proxy.example:3128", "no_proxy": "*"}, []),
    ],
)
def test_the_variables_of_proxies_become_javas_properties(ambient, properties):
    assert java_network.proxy_options(ambient) == properties


class Proxy(socketserver.StreamRequestHandler):
    """Wants to know who asks, then gives no way through; notes the first line and who it was."""

    def handle(self) -> None:
        lines = []
        while line := self.rfile.readline().strip():
            lines.append(line.decode())
        who = [line.partition(": ")[2] for line in lines if line.lower().startswith("proxy-authorization")]
        self.server.asked.append((lines[0].split()[0], *who))
        status = b"502 Bad Gateway" if who else b'407 Who\r\nProxy-Authenticate: Basic realm="x"'
        self.wfile.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.fixture
def proxy() -> Iterator[socketserver.ThreadingTCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_jars_are_fetched_through_the_proxy_with_its_password(proxy, tmp_path):
    (tmp_path / "ivy.xml").write_text(jars.ivy_file(("io.delta:delta-storage:4.4.0",)))
    url = f"http://ann:s%22%5C%40t@127.0.0.1:{proxy.server_address[1]}"
    options = java_network.options(tmp_path, {"https_proxy": url})
    assert (tmp_path / "java.options").stat().st_mode & 0o077 == 0 and "ann" not in "".join(options)
    ivy = next((software.spark_folder() / "pyspark/jars").glob("ivy-*.jar"))
    command = [
        str(software.java()),
        *options,
        "-cp",
        str(ivy),
        "org.apache.ivy.Main",
        "-ivy",
        str(tmp_path / "ivy.xml"),
    ]
    done = subprocess.run(
        [*command, "-cache", str(tmp_path / "cache")], env=environment.of_child(), capture_output=True, text=True
    )
    assert done.returncode != 0
    who = "Basic " + base64.b64encode(b'ann:s"\\@t').decode()
    assert ("CONNECT",) in proxy.asked and ("CONNECT", who) in proxy.asked, done.stdout
