"""Security headers: one strict policy for all pages, and no caching of what is personal."""

from __future__ import annotations

from flask import Flask, Response, request

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
TRANSPORT = "max-age=31536000; includeSubDomains"


def set_up(app: Flask, *, secure: bool) -> None:
    headers = HEADERS | ({"Strict-Transport-Security": TRANSPORT} if secure else {})

    @app.after_request
    def add(response: Response) -> Response:
        response.headers.extend(headers)
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
