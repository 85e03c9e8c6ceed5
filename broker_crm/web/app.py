"""The application factory: what belongs together is put together here and nowhere else."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from broker_crm import settings as environment
from broker_crm.composition import compose
from broker_crm.settings import Settings
from broker_crm.web import (
    access,
    agreements,
    api,
    campaign_vips,
    campaigns,
    client_editing,
    clients,
    commands,
    complaints,
    consents,
    contact_persons,
    contact_points,
    contract_register,
    data_export,
    data_requests,
    database,
    design,
    duplicates,
    errors,
    files,
    finding,
    groups,
    health,
    imports,
    inbox,
    incidents,
    instances,
    insurer_editing,
    insurers,
    language,
    letters,
    mail_hold,
    meetings,
    notifications,
    offer_opening,
    offer_register,
    offers,
    page,
    personal_codes,
    policies,
    product_documents,
    product_editing,
    products,
    record_numbers,
    request_log,
    response_headers,
    retention,
    saved_views,
    sign_in,
    signing,
    start,
    tasks,
    template_library,
    trying,
    versions,
)
from broker_crm.web.analyse import experiments, exports, logs
from broker_crm.web.analyse import pages as analyse
from broker_crm.web.analyse.bottlenecks import pages as bottlenecks
from broker_crm.web.analyse.comparison import pages as comparison
from broker_crm.web.analyse.segments import pages as segments
from broker_crm.web.analyse.what_if import pages as what_if
from broker_crm.web.answers import limits, reports
from broker_crm.web.answers import pages as questions
from broker_crm.web.steering import own as pausing
from broker_crm.web.steering import pages as steering
from broker_crm.web.steering import section as steering_section

LARGEST_REQUEST = 2 * 1024 * 1024
"""Bytes."""

csrf = CSRFProtect()


def create_app(settings: Settings | None = None) -> Flask:
    """The pages and the JSON API.

    Args:
        settings: read from the environment when not given.
    """
    settings = settings or environment.load()
    compose()
    app = Flask(__name__)
    secure = settings.base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-session" if secure else "session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=secure,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.extensions["broker_crm.settings"] = settings
    if proxies := settings.trusted_proxies:
        passed_on = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0, x_prefix=0)
        app.wsgi_app = passed_on  # type: ignore[method-assign]
    record_numbers.set_up(app)
    request_log.set_up(app)
    database.set_up(app, settings)
    commands.set_up(app, settings)
    language.set_up(app)
    sign_in.set_up(app)
    imports.set_up(app)
    logs.set_up(app)
    files.set_up(app)
    consents.set_up(app)
    product_documents.set_up(app)
    design.set_up(app)
    csrf.init_app(app)
    access.set_up(app)
    response_headers.set_up(app, secure=secure)
    errors.set_up(app)
    page.set_up(app)
    steering_section.set_up(app)
    for part in (
        sign_in,
        language,
        inbox,
        tasks,
        instances,
        steering,
        pausing,
        saved_views,
        incidents,
        start,
        clients,
        client_editing,
        policies,
        offer_register,
        contract_register,
        products,
        product_editing,
        product_documents,
        insurers,
        insurer_editing,
        contact_points,
        agreements,
        finding,
        contact_persons,
        consents,
        groups,
        personal_codes,
        duplicates,
        data_export,
        data_requests,
        retention,
        letters,
        template_library,
        files,
        signing,
        mail_hold,
        meetings,
        notifications,
        questions,
        analyse,
        bottlenecks,
        exports,
        logs,
        comparison,
        segments,
        what_if,
        experiments.pages,
        experiments.planning,
        experiments.deciding,
        limits,
        reports,
        complaints,
        campaign_vips,
        campaigns,
        imports,
        versions.pages,
        versions.migrations,
        trying,
        design,
        offers,
        offer_opening,
        health,
    ):
        app.register_blueprint(part.blueprint)
    app.register_blueprint(api.blueprint)
    csrf.exempt(api.blueprint)
    csrf.exempt(signing.heard)
    return app
