"""Joins the areas: which job does what, and what follows a completed step."""

from __future__ import annotations

import broker_crm.crm.campaigns
import broker_crm.crm.complaints
import broker_crm.crm.contracts
import broker_crm.crm.erasure_proposals
import broker_crm.crm.jobs
import broker_crm.crm.meetings
import broker_crm.crm.offers
import broker_crm.crm.opportunities
import broker_crm.crm.quotes
import broker_crm.crm.renewals
import broker_crm.outreach.jobs
import broker_crm.outreach.signing
from broker_crm.analysis.eventlogs import ordering as log_exports
from broker_crm.analysis.simulation import at_work as simulations
from broker_crm.crm.cases import start_automatically
from broker_crm.process import start_events
from broker_crm.process.migration import carrying_out as migrations
from broker_crm.process.steering import unfinished as orders


def compose() -> None:
    """Register all job handlers; safe to repeat. Web, worker and commands call it at start."""
    broker_crm.crm.jobs.register_all()
    broker_crm.crm.meetings.register_all()
    broker_crm.crm.offers.register_all()
    broker_crm.crm.contracts.register_all()
    broker_crm.crm.quotes.register_all()
    broker_crm.crm.erasure_proposals.register_all()
    broker_crm.crm.renewals.register_all()
    broker_crm.crm.complaints.register_all()
    broker_crm.crm.opportunities.register_all()
    broker_crm.crm.campaigns.register_all()
    broker_crm.outreach.jobs.register_all()
    broker_crm.outreach.signing.register_all()
    migrations.register()
    log_exports.register()
    orders.register()
    simulations.register()
    start_events.start_with(start_automatically)
