"""Where trials live."""

from flask import Blueprint

blueprint = Blueprint("trying", __name__, url_prefix="/design/try")
