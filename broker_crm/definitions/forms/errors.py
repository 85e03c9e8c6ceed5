"""What a form refuses in a submission: errors by field, each with a code and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MESSAGES = {
    "required": "Field is required.",
    "min": "Field must have minimum value of %(min)s.",
    "max": "Field must have maximum value of %(max)s.",
    "minLength": "Field must have minimum length of %(minLength)s.",
    "maxLength": "Field must have maximum length of %(maxLength)s.",
    "pattern": "Field must match pattern %(pattern)s.",
    "patternMessage": "%(message)s",
    "email": "Field must be a valid email.",
    "phone": "Field must be a valid international phone number. (e.g. +4930664040900)",
    "noAddress": "The client has no e-mail address.",
    "doNotContact": "The client asked not to be contacted.",
    "integer": "Value is expected to be an integer.",
    "decimalDigits": "Value is expected to have at most %(digits)s decimal digits.",
    "increment": "Please select a valid value, the two nearest valid values are"
    " %(below)s and %(above)s.",
    "option": "Choose one of the offered values.",
    "type": "The value has the wrong type.",
    "rows": "The list can't have this number of rows.",
    "unknown": "The form has no such field.",
    "hidden": "This field is not shown with these answers, so it can't have a value.",
    "disabled": "This field can't be changed here.",
    "nobody": "No client of this segment may be written to.",
    "inFuture": "The day can't be in the future.",
    "noTerms": "The table of terms says nothing of this day.",
    "noStandardTerms": "The product has no standard terms today: a product manager adds them "
    "on its page.",
    "noSuchPerson": "Nobody with this login works here.",
    "complainedAbout": "The complaint is about this person: choose somebody else.",
    "notConsumer": "Only a consumer's dispute goes to the Bank of Lithuania.",
    "beyondLaw": "Choose a day from today to %(limit)s.",
    "policyOver": "The policy is not in force any more.",
    "inPast": "The day can't be in the past.",
    "endedAlready": "These terms end on %(day)s already: they can only end earlier.",
    "insurerNameTaken": (
        "An insurer is called so, or was called so: open it in the list, or write another name."
    ),
    "website": "Write the address of the page, such as https://draudikas.example.",
    "emailOrPhone": "Write an e-mail address or a telephone number.",
    "contactPointTaken": (
        "There is a contact point for this product and purpose already: change that one."
    ),
    "overlapsAgreement": (
        "There is an agreement for this product from %(from)s to %(to)s: end it "
        "first, or choose other days."
    ),
    "agreementEnds": (
        "This agreement ends on %(day)s already: it can only end earlier. Add a new one."
    ),
    "productNameTaken": (
        "Another product is called so: open it in the list, or write another name."
    ),
    "onlyPdf": "Choose a PDF file.",
    "documentOfDay": (
        "There is such a document from this day already: remove it first, or choose another day."
    ),
    "overlapsTerms": "The insurer has terms for this product from %(from)s to %(to)s: end them "
    "first, or choose other days.",
    "endsBeforeStart": "The last day must be after the first.",
    "numberTaken": "There is a policy with this number already.",
    "notCompanyCode": "This is no company code: it has nine "
    "digits, and the last one checks the others.",
    "notVatCode": "This is no VAT code: LT and 9 or 12 digits.",
    "notADay": "Write the day as 2026-11-23, 2026.11.23 or 23.11.2026.",
    "notAnAmount": "Write an amount, such as 1 250,50.",
    "yesOrNo": "Write yes or no.",
    "twiceInFile": "Another row of the file is about the same record.",
    "noSuchInsurer": "There is no insurer of this name.",
    "noSuchProduct": "There is no product of this name.",
    "noSuchClient": "There is no such client: bring the clients in first.",
    "severalClients": "Several clients are called so: write the company code.",
    "notAPerson": "Companies have no personal code.",
    "notPersonalCode": "This is no personal code.",
    "personalCodeTaken": "Client No. %(id)s has this personal code.",
    "groupNameTaken": "There is a group of this name already.",
    "noEvidence": "Write how the consent is known.",
    "notExtended": "The term is made longer once, before the first month is over.",
    "afterToday": "Choose a day after today.",
    "notIban": "This is no IBAN.",
    "codeTaken": "Another client has this code.",
    "changesMoney": "There is such a policy with another premium, number "
    "of instalments or client: change it by an endorsement.",
}


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong with one field.

    Args:
        code: what is wrong; a key of `MESSAGES`.
        params: the limits that the message names.
    """

    code: str
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def msgid(self) -> str:
        """The English sentence with `%(name)s` for parameters, as catalogues know it."""
        return MESSAGES[self.code]

    @property
    def message(self) -> str:
        """The English sentence."""
        return self.msgid % dict(self.params)


class FormRejected(Exception):
    """A submission that the form refuses; `errors` by the field's path, such as `items.0.name`."""

    def __init__(self, errors: Mapping[str, list[FieldError]]) -> None:
        self.errors = dict(errors)
        told = "; ".join(
            f"{path}: {' '.join(error.message for error in found)}"
            for path, found in self.errors.items()
        )
        super().__init__(f"The form refuses the submission: {told}")
