"""What is wrong with a field, in the visitor's language, by the code of the error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _

from broker_crm.definitions.forms import FieldError
from broker_crm.definitions.forms.errors import MESSAGES

LIMITS = ("min", "max", "minLength", "maxLength")


def sentences() -> dict[str, str]:
    """Sentence by code; parameters are written as `%(name)s`."""
    return {
        "required": _("This field is required."),
        "min": _("The value must be at least %(min)s."),
        "max": _("The value must be at most %(max)s."),
        "minLength": _("Write at least %(minLength)s characters."),
        "maxLength": _("Write at most %(maxLength)s characters."),
        "email": _("This is not an e-mail address."),
        "phone": _("Write the number with its country code, such as +37061234567."),
        "pattern": _("The value does not have the expected shape."),
        "patternMessage": "%(message)s",
        "integer": _("Write a whole number."),
        "decimalDigits": _("Write at most %(digits)s digits after the decimal point."),
        "increment": _("The nearest values allowed are %(below)s and %(above)s."),
        "option": _("Choose one of the offered values."),
        "type": _("The value has the wrong type."),
        "rows": _("The list can't have this number of rows."),
        "unknown": _("The form has no such field."),
        "hidden": _("This field is not shown with these answers, so it can't have a value."),
        "disabled": _("This field can't be changed here."),
        "noAddress": _("The client has no e-mail address. Enter one on the client's card."),
        "doNotContact": _("The client asked not to be contacted."),
        "nobody": _("No client of this segment may be written to."),
        "inFuture": _("The day can't be in the future."),
        "noTerms": _("The table of terms says nothing of this day."),
        "noStandardTerms": _(
            "The product has no standard terms today: a product manager adds them on its page."
        ),
        "noSuchPerson": _("Nobody with this login works here."),
        "complainedAbout": _("The complaint is about this person: choose somebody else."),
        "notConsumer": _("Only a consumer's dispute goes to the Bank of Lithuania."),
        "beyondLaw": _("Choose a day from today to %(limit)s."),
        "policyOver": _("The policy is not in force any more."),
        "inPast": _("The day can't be in the past."),
        "endedAlready": _("These terms end on %(day)s already: they can only end earlier."),
        "overlapsTerms": _(
            "The insurer has terms for this product from %(from)s to %(to)s: end them "
            "first, or choose other days."
        ),
        "endsBeforeStart": _("The last day must be after the first."),
        "numberTaken": _("There is a policy with this number already."),
        "notCompanyCode": _(
            "This is no company code: it has nine digits, and the last one checks the others."
        ),
        "notVatCode": _(
            "This is no VAT code: LT and 9 or 12 digits, and the last one checks the others."
        ),
        "notADay": _("Write the day as 2026-11-23, 2026.11.23 or 23.11.2026."),
        "notAnAmount": _("Write an amount, such as 1 250,50."),
        "yesOrNo": _("Write yes or no."),
        "twiceInFile": _("Another row of the file is about the same record."),
        "noSuchInsurer": _("There is no insurer of this name."),
        "noSuchProduct": _("There is no product of this name."),
        "noSuchClient": _("There is no such client: bring the clients in first."),
        "severalClients": _("Several clients are called so: write the company code."),
        "notAPerson": _("Companies have no personal code."),
        "notPersonalCode": _(
            "This is no personal code: it has eleven digits, and the last one checks the others."
        ),
        "personalCodeTaken": _(
            "Another client has this personal code (client No. %(id)s): merge the two records."
        ),
        "groupNameTaken": _("There is a group of this name already: choose it from the list."),
        "noEvidence": _("Write how the consent is known, such as a signed form and its date."),
        "notExtended": _("The term is made longer once, before the first month is over."),
        "afterToday": _("Choose a day after today."),
        "notIban": _("This is no IBAN: compare it with the client's letter."),
        "codeTaken": _("Another client has this code: look for it in the list of clients."),
        "insurerNameTaken": _(
            "An insurer is called so, or was called so: open it in the list, or write another name."
        ),
        "website": _("Write the address of the page, such as https://draudikas.example."),
        "emailOrPhone": _("Write an e-mail address or a telephone number."),
        "contactPointTaken": _(
            "There is a contact point for this product and purpose already: change that one."
        ),
        "overlapsAgreement": _(
            "There is an agreement for this product from %(from)s to %(to)s: end it "
            "first, or choose other days."
        ),
        "agreementEnds": _(
            "This agreement ends on %(day)s already: it can only end earlier. Add a new one."
        ),
        "productNameTaken": _(
            "Another product is called so: open it in the list, or write another name."
        ),
        "onlyPdf": _("Choose a PDF file."),
        "documentOfDay": _(
            "There is such a document from this day already: remove it first, or choose another "
            "day."
        ),
        "changesMoney": _(
            "There is such a policy with another premium, number "
            "of instalments or client: change it by an endorsement."
        ),
    }


def for_browser() -> dict[str, str]:
    """The sentences that the viewer itself says; `{0}` stands for the limit."""
    found = sentences()
    for code in LIMITS:
        found[code] = found[code] % {code: "{0}"}
    return {code: text for code, text in found.items() if "%(" not in text}


def in_language(
    errors: Mapping[str, Sequence[FieldError] | Sequence[str]],
) -> dict[str, list[str]]:
    """Messages by field, translated as far as they are known."""
    known = sentences()
    codes = {message: code for code, message in MESSAGES.items()}

    def told(error: FieldError | str) -> str:
        if isinstance(error, FieldError):
            return known[error.code] % dict(error.params)
        return known[codes[error]] if error in codes else error

    return {path: [told(error) for error in found] for path, found in errors.items()}
