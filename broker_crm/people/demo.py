"""Sample logins. Their accounts are marked as demo and are refused wherever the demo is off."""

from __future__ import annotations

LOGINS = (
    "jonas", "ruta", "tomas", "egle", "darius", "ieva", "mantas", "laura",
    "manager", "product", "designer", "analyst", "complaints", "compliance", "marketing", "admin",
)  # fmt: skip
PASSWORD = "brokeris-demo-2026"  # noqa: S105
