"""Tables of the brokerage."""

from __future__ import annotations

from broker_crm.crm.models.campaign import Campaign, CampaignRecipient, CampaignStatus
from broker_crm.crm.models.client import (
    Client,
    ClientGroup,
    ClientKind,
    ClientMerge,
    ClientStatus,
    Consent,
    ContactPerson,
    DatedLead,
    RetentionPeriod,
)
from broker_crm.crm.models.complaint import Complaint
from broker_crm.crm.models.document import Document, DocumentContent
from broker_crm.crm.models.imports import ImportBatch, ImportRow
from broker_crm.crm.models.interaction import Interaction
from broker_crm.crm.models.meeting import CalendarFeed, Meeting
from broker_crm.crm.models.money import Money, Percent
from broker_crm.crm.models.offer import (
    Contract,
    ContractStatus,
    NeedsRecord,
    Offer,
    OfferDeviation,
    OfferLine,
    OfferStatus,
    Quote,
    SignatureRequest,
)
from broker_crm.crm.models.policy import (
    Claim,
    Endorsement,
    Instalment,
    InsuredObject,
    Opportunity,
    Policy,
    PolicyCover,
    PolicyStatus,
    RenewalStart,
    searchable,
)
from broker_crm.crm.models.product import Insurer, Product, StandardTerms

__all__ = [
    "CalendarFeed",
    "Campaign",
    "CampaignRecipient",
    "CampaignStatus",
    "Claim",
    "Client",
    "ClientGroup",
    "ClientKind",
    "ClientMerge",
    "ClientStatus",
    "Complaint",
    "Consent",
    "ContactPerson",
    "Contract",
    "ContractStatus",
    "DatedLead",
    "Document",
    "DocumentContent",
    "Endorsement",
    "ImportBatch",
    "ImportRow",
    "Instalment",
    "InsuredObject",
    "Insurer",
    "Interaction",
    "Meeting",
    "Money",
    "NeedsRecord",
    "Offer",
    "OfferDeviation",
    "OfferLine",
    "OfferStatus",
    "Opportunity",
    "Percent",
    "Policy",
    "PolicyCover",
    "PolicyStatus",
    "Product",
    "Quote",
    "RenewalStart",
    "RetentionPeriod",
    "SignatureRequest",
    "StandardTerms",
    "searchable",
]
