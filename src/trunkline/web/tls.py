"""HTTPS of our own, where no proxy in front of us has it."""

import ssl
from pathlib import Path


def server_tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Return what a server needs to speak TLS with this certificate (PEM); None where there is none.

    Raises OSError and ssl.SSLError for files that are not what they should be.
    """
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
