"""What operators and their programs read: health, metrics. Details are not for everybody."""

from __future__ import annotations

from hmac import compare_digest
from ipaddress import ip_address

from werkzeug.wrappers import Request

from broker_crm.settings import Settings

PROXY_HEADERS = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")


def is_operator(request: Request, settings: Settings) -> bool:
    """True for who shows the token, and for programs of this machine.

    A request that a proxy has passed on is not of this machine, even when the proxy runs on it.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.metrics_token and scheme.lower() == "bearer":
        return compare_digest(token.strip().encode(), settings.metrics_token.encode())
    return _is_loopback(request.remote_addr) and not any(
        header in request.headers for header in PROXY_HEADERS
    )


def _is_loopback(address: str | None) -> bool:
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False
