"""The certificate with which an instance opens TLS connections: its own, valid for the address that it listens on."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local_workspace.engines.postgres.account import give
from local_workspace.runtime.home import write_atomically

CERTIFICATE, KEY = "server.crt", "server.key"  # in the data directory, where Postgres looks for them
_LIFE = timedelta(days=3650)


def issue(data: Path, host: str) -> None:
    """Write a new certificate for `host`, an IP address, and its key into a data directory; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a clock that is set back must not make it invalid
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for file, content in ((KEY, secret), (CERTIFICATE, certificate.public_bytes(pem))):
        write_atomically(data / file, content.decode())
        give(data / file)
