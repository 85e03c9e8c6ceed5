"""Forms on the server: read, validate and translate them exactly as the browser shows them."""

from broker_crm.definitions.forms.errors import FieldError, FormRejected
from broker_crm.definitions.forms.model import Field, Form, FormRefused
from broker_crm.definitions.forms.reading import read_form
from broker_crm.definitions.forms.submission import validate
from broker_crm.definitions.forms.translating import translate_form

__all__ = [
    "Field",
    "FieldError",
    "Form",
    "FormRefused",
    "FormRejected",
    "read_form",
    "translate_form",
    "validate",
]
