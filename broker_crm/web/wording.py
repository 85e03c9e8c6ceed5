"""Words for codes that are stored: roles, kinds and states of records, events."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

Words = dict[str, LazyString]

ROLES: Words = {
    "salesperson": _l("Salesperson"),
    "assistant": _l("Assistant"),
    "product-manager": _l("Product manager"),
    "sales-manager": _l("Sales manager"),
    "designer": _l("Process designer"),
    "analyst": _l("Analyst"),
    "complaints-handler": _l("Complaints handler"),
    "compliance": _l("Compliance officer"),
    "marketing": _l("Marketing specialist"),
    "administrator": _l("Administrator"),
}
INSTANCE_STATUS: Words = {
    "active": _l("Running"),
    "completed": _l("Ended"),
    "cancelled": _l("Cancelled"),
}
TASK_STATUS: Words = {
    "open": _l("Open"),
    "completed": _l("Completed"),
    "cancelled": _l("No longer needed"),
}
LETTER_STATE: Words = {
    "queued": _l("Waiting to be sent"),
    "sending": _l("Being sent"),
    "sent": _l("Sent"),
    "in-doubt": _l("In doubt"),
    "failed": _l("Not delivered"),
}
INCIDENT_KIND: Words = {
    "complete": _l("Completing a step"),
    "fire-timer": _l("A timer"),
    "deliver": _l("A message between processes"),
    "send-message": _l("A message from outside"),
    "start": _l("Starting a process"),
    "letter": _l("A letter"),
}
NOTIFICATION: Words = {
    "reminder": _l("Reminder"),
    "escalation": _l("Passed on to the manager"),
    "alert": _l("Needs attention today"),
    "offer-opened": _l("The client opened the offer"),
    "retention-due": _l("Records are due for erasure"),
    "figure-limit": _l("A figure crossed its limit"),
    "experiment": _l("Experiment"),
    "campaign-vips": _l("A campaign would write to VIP clients of yours: decide about each"),
}
POLICY_STATUS: Words = {
    "active": _l("In force"),
    "expired": _l("Expired"),
    "cancelled": _l("Cancelled policy"),
}
OBJECT_KIND: Words = {
    "vehicle": _l("Vehicle"),
    "building": _l("Building"),
    "person": _l("Person"),
    "cargo": _l("Cargo"),
    "project": _l("Project"),
    "activity": _l("Activity"),
}
SALES_TYPE: Words = {"new": _l("New policy"), "renewal": _l("Renewed policy")}
COVER: Words = {
    "fire": _l("Fire and forces of nature"),
    "water": _l("Water damage"),
    "theft": _l("Theft and vandalism"),
    "accident": _l("Accident"),
    "liability": _l("Liability"),
    "cargo": _l("Damage to or loss of cargo"),
    "interruption": _l("Business interruption"),
    "assistance": _l("Roadside or technical assistance"),
    "health": _l("Health"),
}
PRODUCT_CLASS: Words = {
    "A": _l("A, simple"),
    "B": _l("B, standard"),
    "C": _l("C, complex"),
}
INSURANCE_GROUP: Words = {
    "motor-liability": _l("Motor vehicle liability"),
    "motor": _l("Land vehicles"),
    "property": _l("Property"),
    "liability": _l("General liability"),
    "cargo": _l("Goods in transit"),
    "construction": _l("Construction"),
    "health": _l("Health"),
    "travel": _l("Assistance and travel"),
    "life": _l("Life"),
}
"""Groups of the supervisor's statistics."""
INSURER_KIND: Words = {
    "company": _l("Lithuanian insurance company"),
    "branch": _l("Branch of a foreign insurer"),
}
CONTACT_PURPOSE: Words = {
    "quotes": _l("Requests for quotes"),
    "claims": _l("Claims of insured events"),
    "complaints": _l("Complaints"),
    "accounting": _l("Accounting"),
}
INSURER_FIELD: Words = {
    "name": _l("Name"),
    "kind": _l("Kind"),
    "licence": _l("Licence number"),
    "website": _l("Website"),
    "email": _l("E-mail"),
    "phone": _l("Phone"),
    "notes": _l("Notes"),
}
PRODUCT_FIELD: Words = {
    "name": _l("Name in Lithuanian"),
    "name_en": _l("Name in English"),
    "complexity": _l("Class"),
    "insurance_group": _l("Insurance group"),
    "product_manager": _l("Product manager"),
    "target_market": _l("Target market"),
}
PRODUCT_DOCUMENT: Words = {
    "ipid": _l("Product information document (IPID)"),
    "kid": _l("Key information document (KID)"),
}
OFFER_STATUS: Words = {
    "draft": _l("Offer being prepared"),
    "approved": _l("Offer approved"),
    "sent": _l("Offer sent"),
    "accepted": _l("Offer accepted"),
    "refused": _l("Offer refused"),
    "replaced": _l("Replaced by a later version"),
}
CONTRACT_STATUS: Words = {
    "draft": _l("Contract being prepared"),
    "approved": _l("Contract approved"),
    "sent": _l("Contract sent"),
    "signed": _l("Signed"),
    "refused": _l("Contract refused"),
    "expired": _l("Contract expired"),
}
DEVIATION: Words = {
    "premium": _l("Premium"),
    "commission": _l("Commission, %"),
    "deductible": _l("Deductible"),
    "sum-insured": _l("Sum insured above the limit"),
    "instalments": _l("Instalments"),
    "term": _l("Term, months"),
    "extra-cover": _l("Extra cover"),
}
APPROVAL_LEVEL: Words = {
    "none": _l("Nobody: within the limits"),
    "product-manager": _l("Product manager"),
    "product-manager-and-sales-manager": _l("Product manager, then sales manager"),
}
APPROVAL: Words = {
    "approve": _l("Approved"),
    "return": _l("Returned to be corrected"),
    "reject": _l("Rejected"),
}
QUOTE_STATUS: Words = {
    "asked": _l("Asked"),
    "quoted": _l("Gave terms"),
    "declined": _l("Declined"),
    "no-reply": _l("Did not reply"),
}
COMPLAINT_STATUS: Words = {
    "open": _l("Being handled"),
    "forwarded": _l("Forwarded"),
    "answered": _l("Answered"),
    "closed": _l("Closed"),
    "not-a-complaint": _l("Not a complaint"),
}
COMPLAINT_CHANNEL: Words = {
    "email": _l("By e-mail"),
    "letter": _l("By letter"),
    "phone": _l("By telephone"),
    "visit": _l("At the office"),
    "web": _l("On the website"),
}
COMPLAINT_ABOUT: Words = {
    "us": _l("About us"),
    "insurer": _l("About an insurer"),
    "other": _l("About another intermediary"),
}
COMPLAINT_SUBJECT: Words = {
    "delay": _l("Delay"),
    "product-quality": _l("Quality of the product"),
    "service-quality": _l("Quality of the service"),
}
COMPLAINT_DETAIL: Words = {
    "advice": _l("Information or advice"),
    "premium": _l("Premium or invoice"),
    "policy-document": _l("Mistake in the policy"),
    "claim-handling": _l("Handling of a claim"),
    "data-protection": _l("Personal data"),
    "marketing": _l("Unwanted offers"),
    "conduct": _l("Conduct of an employee"),
    "fees": _l("Fees"),
}
COMPLAINT_SEVERITY: Words = {
    "normal": _l("Normal"),
    "medium": _l("Medium"),
    "high": _l("High"),
}
COMPLAINT_DECISION: Words = {
    "upheld": _l("Justified"),
    "partly": _l("Justified in part"),
    "rejected": _l("Not justified"),
    "settled": _l("Settled"),
}
COMPLAINT_REACTION: Words = {
    "accepts": _l("Accepts the answer"),
    "disputes": _l("Disputes the answer"),
    "bank-of-lithuania": _l("Turned to the Bank of Lithuania"),
}
COMPLAINT_BANK: Words = {
    "for-us": _l("Decided for us"),
    "against-us": _l("Decided against us"),
    "settled": _l("Settled"),
    "withdrawn": _l("Withdrawn"),
}
CAMPAIGN_STATUS: Words = {
    "draft": _l("Being prepared"),
    "listing": _l("List being made"),
    "frozen": _l("List made"),
    "running": _l("Sending"),
    "paused": _l("Paused"),
    "stopped": _l("Stopped"),
    "finished": _l("Finished"),
}
EXCLUSION: Words = {
    "restricted": _l("Data only kept"),
    "duplicate": _l("Record was merged"),
    "do-not-contact": _l("Asked not to be contacted"),
    "no-permission": _l("No permission"),
    "no-address": _l("No address"),
    "open-complaint": _l("Open complaint"),
    "recent-campaign": _l("Written to recently"),
    "vip": _l("VIP: left to the salesperson"),
    "no-text": _l("No text in the client's language"),
}
RECIPIENT_OUTCOME: Words = {
    "no-response": _l("No answer"),
    "unsubscribed": _l("Unsubscribed"),
    "unreachable": _l("Could not be reached"),
    "not-interested": _l("Not interested"),
    "do-not-contact": _l("Asked not to be contacted"),
    "sale-started": _l("A sale began"),
    "bounced": _l("The letter came back"),
}
RECIPIENT_STATE: Words = {
    "waiting": _l("To be written to"),
    "started": _l("Written to"),
    "responded": _l("Asked to be contacted"),
    "unsubscribed": _l("Unsubscribed"),
    "ended": _l("Over"),
    "held-out": _l("Hold-out group"),
    "excluded": _l("Left out"),
}
CLIENT_KIND: Words = {
    "natural": _l("Natural person"),
    "legal": _l("Legal entity"),
    "foreign": _l("Foreign client"),
}
CLIENT_FIELD: Words = {
    "kind": _l("Kind"),
    "name": _l("Name or first name and surname"),
    "code": _l("Company code"),
    "vat_code": _l("VAT code"),
    "email": _l("E-mail"),
    "phone": _l("Telephone"),
    "address": _l("Address"),
    "region": _l("Region"),
    "language": _l("Language"),
    "staff": _l("Employees"),
    "bank_account": _l("Bank account (IBAN)"),
    "vip": _l("VIP"),
    "owner": _l("Salesperson"),
    "deputy": _l("Deputy"),
    "country": _l("Country"),
    "sector": _l("Sector"),
    "sector_code": _l("Sector code (EVRK)"),
    "size_band": _l("Size"),
    "turnover_band": _l("Turnover"),
    "risk_class": _l("Risk class"),
    "birth_date": _l("Birth date"),
    "foreign_id": _l("Passport or register number"),
    "group_id": _l("Group"),
    "contact_first_name": _l("First name"),
    "contact_surname": _l("Surname"),
    "contact_email": _l("Contact person's e-mail"),
    "contact_phone": _l("Contact person's telephone"),
}
CLIENT_STATUS: Words = {
    "prospect": _l("Prospect"),
    "active": _l("Client"),
    "former": _l("Former client"),
    "blocked": _l("Not to be contacted"),
}
SIZE: Words = {
    "micro": _l("Micro company"),
    "small": _l("Small company"),
    "medium": _l("Medium company"),
    "large": _l("Large company"),
}
SECTOR: Words = {
    "transport": _l("Transport"),
    "construction": _l("Construction"),
    "wholesale": _l("Wholesale"),
    "manufacturing": _l("Manufacturing"),
    "it": _l("Information technology"),
    "agriculture": _l("Agriculture"),
    "catering": _l("Catering"),
    "health": _l("Health care"),
}
INTERACTION: Words = {
    "email": _l("E-mail"),
    "call": _l("Call"),
    "meeting": _l("Meeting"),
    "note": _l("Note"),
    "letter": _l("Letter"),
    "change": _l("Record changed"),
    "merge": _l("Records merged"),
    "unmerge": _l("Records parted"),
    "contact": _l("Contact persons changed"),
}
LIKENESS: Words = {
    "vat-code": _l("same VAT code"),
    "bank-account": _l("same bank account"),
    "foreign-id": _l("same passport or register number"),
    "company-name": _l("same name of the company"),
    "name-and-birth-date": _l("same name and birth date"),
    "lost-letters": _l("same name, letters lost"),
    "email": _l("same e-mail"),
    "phone": _l("same telephone"),
    "contact-email": _l("e-mail of the other one's contact person"),
}
MOVED: Words = {
    "process_instance": _l("Cases"),
    "user_task": _l("Tasks"),
    "policy": _l("Policies"),
    "insured_object": _l("Insured objects"),
    "offer": _l("Offers"),
    "offer_line": _l("Lines of offers"),
    "contract": _l("Contracts"),
    "quote": _l("Quotes of insurers"),
    "needs_record": _l("Needs statements"),
    "claim": _l("Claims"),
    "complaint": _l("Complaints"),
    "letter": _l("Letters"),
    "letter_attachment": _l("Files beside letters"),
    "interaction": _l("Conversations and notes"),
    "document": _l("Files"),
    "meeting": _l("Meetings"),
    "consent": _l("Consents"),
    "contact_person": _l("Contact persons"),
    "dated_lead": _l("Policies elsewhere"),
    "opportunity": _l("Opportunities"),
    "campaign_recipient": _l("Campaigns"),
    "data_request": _l("Requests about data"),
    "instalment": _l("Instalments"),
    "endorsement": _l("Endorsements"),
    "process_event": _l("Events of cases"),
    "merged_duplicates": _l("Merged records"),
}
EXPORTED: Words = {
    "personal_code": _l("Personal code"),
    "first_name": _l("First name"),
    "surname": _l("Surname"),
    "role": _l("Role"),
    "number": _l("Number"),
    "subject": _l("Subject"),
    "body": _l("Text"),
    "text": _l("Text"),
    "title": _l("Title"),
    "status": _l("State"),
    "created_at": _l("Created"),
    "starts_on": _l("From"),
    "ends_on": _l("Until"),
    "premium": _l("Premium"),
    "given_at": _l("Given"),
    "withdrawn_at": _l("Withdrawn"),
    "evidence": _l("Evidence"),
    "file_name": _l("File"),
    "recipient": _l("To"),
}
CONTACT_DECISION: Words = {
    "allow": _l("may be contacted"),
    "deny": _l("must not be contacted"),
    "ask-in-person": _l("ask in person first"),
}
REQUEST_KIND: Words = {
    "access": _l("Access to own data"),
    "portability": _l("Data to take elsewhere"),
    "rectification": _l("Correction"),
    "erasure": _l("Erasure"),
    "restriction": _l("Restriction"),
    "objection": _l("Objection to marketing"),
}
REQUEST_STATE: Words = {
    "open": _l("Waits for a decision"),
    "done": _l("Met"),
    "refused": _l("Turned down"),
}
KEEP_REASON: Words = {
    "open-case": _l("A case is still running"),
    "policy-in-force": _l("A policy is in force"),
    "open-complaint": _l("A complaint is being handled"),
    "open-claim": _l("A claim is not closed"),
    "letter-on-its-way": _l("A letter is on its way"),
    "contract": _l("Insurance contracts are kept until claims lapse"),
    "kyc": _l("Data of identification is kept as the law on money laundering asks"),
    "complaint": _l("Complaints are kept for the supervisor"),
    "claim": _l("Claims are kept until disputes lapse"),
    "unsuccessful-offer": _l("Offers without a contract are kept for a while"),
    "consent": _l("Proof of consent is kept for disputes"),
    "client": _l("The last contact was not long ago"),
}
RETENTION_CLASS: Words = {
    "contract": _l("Insurance contracts"),
    "kyc": _l("Identification (money laundering)"),
    "complaint": _l("Complaints"),
    "claim": _l("Claims"),
    "unsuccessful-offer": _l("Offers without a contract"),
    "consent": _l("Withdrawn consents"),
    "client": _l("Clients without a contract"),
}
COUNTED_FROM: Words = {
    "contract-end": _l("the end of the contract"),
    "relationship-end": _l("the end of the relationship"),
    "closing": _l("the closing"),
    "case-end": _l("the end of the case"),
    "withdrawal": _l("the withdrawal"),
    "last-contact": _l("the last contact"),
}
ERASED_KIND: Words = {
    "client": _l("Client"),
    "case": _l("Case"),
    "complaint": _l("Complaint"),
    "consent": _l("Consent"),
}
AUDIT_ACTION: Words = {
    "merged": _l("Records merged"),
    "unmerged": _l("Records parted"),
    "told-apart": _l("Known as two clients"),
    "exported": _l("Data exported"),
    "log-exported": _l("Event log exported"),
    "log-imported": _l("Event log brought in"),
    "log-deleted": _l("Event log thrown away"),
    "erased": _l("Data erased"),
    "case-erased": _l("Case erased"),
    "complaint-erased": _l("Complaint erased"),
    "consent-erased": _l("Consent erased"),
    "kept-longer": _l("Kept longer"),
    "restricted": _l("Data only kept"),
    "restriction-lifted": _l("Restriction lifted"),
    "retention-changed": _l("Retention period changed"),
    "request-registered": _l("Request registered"),
    "request-extended": _l("Term of a request extended"),
    "request-decided": _l("Request decided"),
    "consent-given": _l("Consent recorded"),
    "consent-withdrawn": _l("Consent withdrawn"),
    "personal-code-written": _l("Personal code written"),
    "personal-code-removed": _l("Personal code removed"),
    "personal-code-seen": _l("Personal code looked at"),
}
REACTION: Words = {
    "positive": _l("Positive"),
    "neutral": _l("Neutral"),
    "sceptical": _l("Sceptical"),
    "negative": _l("Negative"),
    "interested": _l("Interested"),
    "interested-further": _l("Interested further"),
    "later": _l("Asked to call later"),
    "accepts": _l("Accepts the offer"),
    "negotiate": _l("Wants to negotiate"),
    "agreed": _l("Agreed"),
    "further": _l("Negotiates further"),
    "changes": _l("There are changes"),
    "no-changes": _l("No changes"),
    "new-offer": _l("Wants a new offer"),
    "has-elsewhere": _l("Has it elsewhere"),
    "no-need": _l("No need"),
    "not-now": _l("Not now"),
    "never": _l("Asked not to be offered this again"),
    "refuses": _l("Refuses"),
    "no-risk": _l("The risk has ceased"),
    "will-pay": _l("Will pay"),
    "cancels": _l("Will not pay"),
    "will-leave": _l("Will insure elsewhere"),
    "disputes": _l("Disagrees"),
    "settled": _l("Settled amicably"),
    "bank-of-lithuania": _l("Turned to the Bank of Lithuania"),
    "paid": _l("Paid in full"),
}
"""How the client took it."""
CHANNEL: Words = {
    "email": _l("by e-mail"),
    "phone": _l("by phone"),
    "any": _l("by any channel"),
}
LANGUAGE: Words = {"lt": _l("Lithuanian"), "en": _l("English")}
CONTACT_ROLE: Words = {
    "director": _l("Director"),
    "insurance-contact": _l("Responsible for insurance"),
    "accountant": _l("Accountant"),
    "administrator": _l("Office administrator"),
    "fleet-manager": _l("Fleet manager"),
    "self": _l("The client"),
    "other": _l("Contact person"),
}
TERM: Words = {
    "sumInsured": _l("Sum insured"),
    "premium": _l("Premium"),
    "commission": _l("Commission"),
    "deductible": _l("Deductible"),
    "instalments": _l("Instalments"),
    "covers": _l("Covers"),
}
CLAIM_STATE: Words = {
    "open": _l("Being settled"),
    "closed": _l("Settled"),
    "refused": _l("Refused by the insurer"),
}
TEMPLATE_KIND: Words = {
    "letter": _l("Letter"),
    "script": _l("Call script"),
    "document": _l("Document"),
}
EXAMPLE_CLIENT: Words = {
    "natural": _l("Invented: natural person"),
    "legal": _l("Invented: legal entity"),
    "vip": _l("Invented: VIP"),
    "foreign": _l("Invented: foreign client"),
}
HELP: Words = {
    "script": _l("Call script"),
    "letter": _l("Letter"),
    "presentation": _l("Presentation"),
    "offer": _l("Offer"),
    "contract": _l("Contract"),
    "invitation": _l("Invitation to the meeting"),
    "signature": _l("Letter with the signing link"),
}
EVENT: Words = {
    "instance-started": _l("Process started"),
    "instance-completed": _l("Process ended"),
    "instance-cancelled": _l("Process cancelled"),
    "instance-migrated": _l("Moved to another version"),
    "element-passed": _l("Passed"),
    "measured": _l("Measured"),
    "timer-fired": _l("Time came"),
    "message-received": _l("Message received"),
    "task-created": _l("New task"),
    "task-completed": _l("Completed"),
    "task-cancelled": _l("No longer needed"),
    "task-started": _l("Work began"),
    "task-claimed": _l("Taken"),
    "task-released": _l("Returned to the queue"),
    "task-reassigned": _l("Passed to another person"),
    "task-due-changed": _l("Due date changed"),
    "task-paused": _l("Paused"),
    "task-resumed": _l("Resumed"),
    "variable-corrected": _l("Data of the case corrected"),
    "token-moved": _l("Moved to another step"),
    "reminded": _l("Reminded"),
    "escalated": _l("Passed on to the manager"),
    "document-made": _l("Document made"),
    "letter-queued": _l("Letter written"),
    "letter-sent": _l("Letter sent"),
    "letter-failed": _l("Letter not delivered"),
    "offer-opened": _l("The client opened the offer"),
    "incident-raised": _l("The process stopped"),
    "incident-resolved": _l("The process goes on"),
    "experiment-assigned": _l("Drawn for an experiment"),
    "data-erased": _l("Personal data erased"),
}
PAUSE_REASON: Words = {
    "waiting-for-client": _l("Waiting for the client"),
    "waiting-for-insurer": _l("Waiting for the insurer"),
    "client-absent": _l("The client is away"),
    "other": _l("Another reason"),
}
STEERING: Words = {
    "hand-over": _l("Hand over"),
    "spread": _l("Spread over the team by free time"),
    "due-later": _l("Move the due date by working days"),
    "due-on": _l("Set the due date"),
    "pause": _l("Pause"),
    "resume": _l("Resume"),
    "cancel": _l("Cancel the case"),
    "correct": _l("Correct the case's data"),
    "move": _l("Move to another step"),
}
ORDER_STATE: Words = {
    "new": _l("Not done yet"),
    "done": _l("Done"),
    "refused": _l("Not done"),
    "undoing": _l("Being taken back"),
    "undone": _l("Taken back"),
    "kept": _l("Stays"),
}
RESOLUTION: Words = {
    "retried": _l("tried again"),
    "dismissed": _l("dismissed"),
    "overtaken": _l("overtaken by what happened meanwhile"),
}
FILE_KIND: Words = {
    "attachment": _l("Attachment"),
    "signed-contract": _l("Signed contract"),
    "presentation": _l("Presentation"),
    "offer": _l("Offer"),
    "contract": _l("Contract"),
    "signature-sheet": _l("Sheet of the signature"),
}
SIGNATURE_STATE: Words = {
    "prepared": _l("Being sent"),
    "sent": _l("With the client"),
    "signed": _l("Signed"),
    "refused": _l("Refused to sign"),
    "expired": _l("Not signed in time"),
    "withdrawn": _l("Withdrawn"),
}
MEETING_STATUS: Words = {
    "planned": _l("Planned"),
    "held": _l("Held"),
    "no-show": _l("The client did not come"),
    "cancelled": _l("Called off"),
}
IMPORT_KIND: Words = {"clients": _l("Clients"), "policies": _l("Policies")}
IMPORT_STATE: Words = {
    "read": _l("Dry run"),
    "imported": _l("Brought in"),
    "undone": _l("Taken back"),
    "given-up": _l("Thrown away"),
}
IMPORT_ACTION: Words = {
    "created": _l("New"),
    "updated": _l("Changed"),
    "unchanged": _l("As it was"),
}
IMPORT_FIELD: Words = {
    "name": _l("Name"),
    "code": _l("Company code"),
    "vat_code": _l("VAT code"),
    "kind": _l("Kind"),
    "email": _l("E-mail"),
    "phone": _l("Telephone"),
    "address": _l("Address"),
    "region": _l("Region"),
    "language": _l("Language"),
    "staff": _l("Employees"),
    "vip": _l("VIP"),
    "owner": _l("Salesperson"),
    "number": _l("Policy number"),
    "insurer": _l("Insurer"),
    "product": _l("Product"),
    "client": _l("Client"),
    "starts_on": _l("In force from"),
    "ends_on": _l("In force until"),
    "premium": _l("Premium"),
    "commission_percent": _l("Commission, %"),
    "sum_insured": _l("Sum insured"),
    "deductible": _l("Deductible"),
    "instalment_count": _l("Instalments"),
}


def word(words: Words, code: str | None) -> str:
    """The word for a code; the code itself, readable, when there is no word yet."""
    if not code:
        return "–"
    found = words.get(code)
    return str(found) if found is not None else code.replace("-", " ").replace("_", " ")
