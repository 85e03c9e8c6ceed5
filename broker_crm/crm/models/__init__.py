"""Tables of the brokerage."""

from __future__ import annotations

from broker_crm.crm.models.campaign import Campaign, CampaignRecipient, CampaignStatus
from broker_crm.crm.models.client import (
    Client,
    ClientDistinction,
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
from broker_crm.crm.models.insurer import (
    CommissionAgreement,
    ContactPurpose,
    Insurer,
    InsurerContact,
    InsurerFormerName,
    InsurerKind,
)
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
from broker_crm.crm.models.product import (
    Product,
    ProductDocument,
    ProductDocumentKind,
    StandardTerms,
)
from broker_crm.crm.models.protection import AuditEntry, DataRequest, ErasureProposal

__all__ = [
    "AuditEntry",
    "CalendarFeed",
    "Campaign",
    "CampaignRecipient",
    "CampaignStatus",
    "Claim",
    "Client",
    "ClientDistinction",
    "ClientGroup",
    "ClientKind",
    "ClientMerge",
    "ClientStatus",
    "CommissionAgreement",
    "Complaint",
    "Consent",
    "ContactPerson",
    "ContactPurpose",
    "Contract",
    "ContractStatus",
    "DataRequest",
    "DatedLead",
    "Document",
    "DocumentContent",
    "Endorsement",
    "ErasureProposal",
    "ImportBatch",
    "ImportRow",
    "Instalment",
    "InsuredObject",
    "Insurer",
    "InsurerContact",
    "InsurerFormerName",
    "InsurerKind",
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
    "ProductDocument",
    "ProductDocumentKind",
    "Quote",
    "RenewalStart",
    "RetentionPeriod",
    "SignatureRequest",
    "StandardTerms",
    "searchable",
]
