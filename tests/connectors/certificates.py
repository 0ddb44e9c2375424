"""Certificates for servers on this machine, made when a test needs them and believed by nobody else."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificates")


def made(folder: Path, name: str = "IP:127.0.0.1", days: int = 30) -> Path:
    """A certificate and its key in one file, for a name, ending in so many days (or ended so many days ago)."""
    pem = folder / f"{abs(hash((name, days)))}.pem"
    key, certificate, request = (pem.with_suffix(end) for end in (".key", ".crt", ".csr"))
    subject = ["-subj", "/CN=here", "-addext", f"subjectAltName={name}"]
    made_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key)]
    if days > 0:
        _openssl("req", "-x509", *made_key, "-out", str(certificate), "-days", str(days), *subject)
    else:  # `req` makes none that has ended
        _openssl("req", *made_key, "-new", "-out", str(request), *subject)
        _openssl("x509", "-req", "-in", str(request), "-signkey", str(key), "-copy_extensions", "copy", "-out", str(certificate), "-days", str(days))  # fmt: skip
    pem.write_bytes(key.read_bytes() + certificate.read_bytes())
    return pem


def shown(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def believed(pem: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(pem.with_suffix(".crt")))


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)
