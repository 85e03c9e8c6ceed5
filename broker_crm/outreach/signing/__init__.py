"""Contracts signed electronically: prepared, sent, signed, refused, expired or withdrawn.

`requests` prepares them, `following` sends and ends them, `providers` is what a provider of
e-signatures has to offer, `stand_in` is the local one, without legal force.
"""

from __future__ import annotations

from broker_crm.outreach.signing import following, stand_in
from broker_crm.outreach.signing.following import heard
from broker_crm.outreach.signing.requests import NotToBeSigned, latest, prepare
from broker_crm.process import duties

__all__ = ["NotToBeSigned", "heard", "latest", "prepare", "register_all"]


def register_all() -> None:
    """Let workers send and end requests; safe to repeat."""
    stand_in.register()
    duties.register("signatures", following.carry_on)
