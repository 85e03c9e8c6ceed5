"""VIP clients of a campaign: written to only when their own salesperson says so."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Campaign, CampaignRecipient, CampaignStatus, Client
from broker_crm.outreach.notifications import announce
from broker_crm.process.errors import NotAllowed
from broker_crm.process.rights import Person, may_steer

WORD = "campaign-vips"
"""What salespeople are told when a list holds VIP clients of theirs."""
REASON = "vip"
OVER = (CampaignStatus.STOPPED, CampaignStatus.FINISHED)
MOST = 200


def undecided(session: Session, user: Person) -> Sequence[Row[CampaignRecipient, Campaign, Client]]:
    """VIP clients about whom the person may decide, in campaigns that go on."""
    statement = (
        select(CampaignRecipient, Campaign, Client)
        .join(Campaign, Campaign.id == CampaignRecipient.campaign_id)
        .join(Client, Client.id == CampaignRecipient.client_id)
        .where(
            CampaignRecipient.state == "excluded",
            CampaignRecipient.reason == REASON,
            Campaign.status.not_in(OVER),
        )
        .order_by(Campaign.id.desc(), Client.name)
        .limit(MOST)
    )
    if not may_steer(user):
        statement = statement.where(or_(Client.owner == user.login, Client.deputy == user.login))
    return session.execute(statement).all()


def allow(session: Session, recipient: CampaignRecipient, *, by: Person) -> bool:
    """Let a VIP client be written to.

    Args:
        session: the caller commits.
        recipient: read under a lock.
        by: the client's salesperson or deputy, or a sales manager.

    Returns:
        False when the recipient was not left out for being a VIP, or sending is over.

    Raises:
        NotAllowed: the client is another salesperson's.
    """
    client = session.get_one(Client, recipient.client_id)
    if not may_steer(by) and by.login not in (client.owner, client.deputy):
        raise NotAllowed("Only the client's own salesperson or a sales manager decides this.")
    campaign = session.get_one(Campaign, recipient.campaign_id)
    if (recipient.state, recipient.reason) != ("excluded", REASON) or campaign.status in OVER:
        return False
    recipient.state, recipient.reason = "waiting", None
    session.flush()
    return True


def tell_salespeople(session: Session, campaign: Campaign) -> None:
    """Ask the salespeople of the VIP clients that a new list leaves out."""
    owners = (
        select(Client.owner)
        .join(CampaignRecipient, CampaignRecipient.client_id == Client.id)
        .where(
            CampaignRecipient.campaign_id == campaign.id,
            CampaignRecipient.reason == REASON,
            Client.owner.is_not(None),
        )
        .distinct()
    )
    announce(session, WORD, [owner for owner in session.scalars(owners) if owner])
