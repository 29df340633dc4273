"""Java's network settings, taken from the system as by all other programs here: its proxy and its certificates."""

import os
import ssl
import warnings
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.utils import CryptographyDeprecationWarning

from local_workspace.runtime.home import write_atomically

_TRUST_PASSWORD = "changeit"  # Java's own default; a trust store holds nothing secret


def options(folder: Path, ambient: Mapping[str, str] = os.environ) -> list[str]:
    """Options of the `java` command for the proxy and certificates of this system; `folder` gets the files they name.

    They are in a file, since every user of the machine can read arguments, and a proxy may have a password.
    """
    lines = [*_trust_store(folder / "trust.p12"), *proxy_options(ambient)]
    quoted = ['"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"' for line in lines]
    write_atomically(folder / "java.options", "\n".join(quoted))
    return [f"@{folder / 'java.options'}"]


def proxy_options(ambient: Mapping[str, str]) -> list[str]:
    """Java's properties for the proxies that `ambient` names as curl and Python read them."""
    beside = ambient.get("no_proxy") or ambient.get("NO_PROXY") or ""
    if beside.strip() == "*":
        return []
    found = []
    for scheme in ("http", "https"):
        if url := _first(ambient, f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY"):
            found += _one_proxy(scheme, url)
    return [*dict.fromkeys(found), f"-Dhttp.nonProxyHosts={_patterns(beside)}"] if found else []


def _one_proxy(scheme: str, url: str) -> list[str]:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme.startswith("socks"):
        return [f"-DsocksProxyHost={parts.hostname}", f"-DsocksProxyPort={parts.port or 1080}"]
    found = [f"-D{scheme}.proxyHost={parts.hostname}", f"-D{scheme}.proxyPort={parts.port or 80}"]
    if parts.username:  # Ivy reads these two; Java itself sends a password to a proxy for https only if it may
        found += [
            f"-Dhttp.proxyUser={unquote(parts.username)}",
            f"-Dhttp.proxyPassword={unquote(parts.password or '')}",
        ]
        found += ["-Djdk.http.auth.tunneling.disabledSchemes="]
    return found


def _patterns(beside: str) -> str:
    hosts = [host.strip().lstrip(".") for host in beside.split(",") if host.strip()]
    return "|".join(["localhost", "127.*", *(pattern for host in hosts for pattern in (host, f"*.{host}"))])


def _first(ambient: Mapping[str, str], *names: str) -> str:
    return next((ambient[name] for name in names if ambient.get(name)), "")


def _trust_store(path: Path) -> list[str]:
    """Java options for trusting the certificates that this system trusts, such as that of a company's proxy."""
    bundle = ssl.get_default_verify_paths().cafile
    if bundle is None:
        return []
    certificates = [
        pkcs12.PKCS12Certificate(certificate, f"ca-{number}".encode())
        for number, certificate in enumerate(_certificates(Path(bundle).read_bytes()))
    ]
    path.write_bytes(pkcs12.serialize_java_truststore(certificates, BestAvailableEncryption(_TRUST_PASSWORD.encode())))
    return [f"-Djavax.net.ssl.trustStore={path}", f"-Djavax.net.ssl.trustStorePassword={_TRUST_PASSWORD}"]


def _certificates(bundle: bytes) -> list[x509.Certificate]:
    end = b"-----END CERTIFICATE-----"
    blocks = [block[block.index(b"-----BEGIN") :] + end for block in bundle.split(end)[:-1]]
    with warnings.catch_warnings():
        # Some systems still trust a root whose serial number the standard now forbids; Java takes it as it is.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return [x509.load_pem_x509_certificate(block) for block in blocks]
