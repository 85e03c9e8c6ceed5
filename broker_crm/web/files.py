"""Files of cases: documents of a step as Word and PDF, files that colleagues bring, downloads."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm import files
from broker_crm.crm.models import Document
from broker_crm.outreach import pdf, word
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance, UserTask
from broker_crm.process.rights import may_see_instance, may_steer
from broker_crm.web import database, money, staff, step_help, times, visible
from broker_crm.web.errors import NotFound
from broker_crm.web.own_path import own_path
from broker_crm.web.sign_in import person
from broker_crm.web.wording import FILE_KIND
from broker_crm.web.wording import word as worded

LARGEST_REQUEST = files.LARGEST + 100_000
KIBIBYTE = 1024
SIGNING = "signing"
"""The step at which a file that is brought most likely is the signed contract."""
MEDIA_TYPES = {"docx": word.MEDIA_TYPE, "pdf": pdf.MEDIA_TYPE}

blueprint = Blueprint("files", __name__)


def set_up(app: Flask) -> None:
    """Files may be larger than other requests; to be called before forms are checked."""

    @app.before_request
    def _allow_a_file() -> None:
        if request.endpoint == "files.bring":
            request.max_content_length = LARGEST_REQUEST


@blueprint.get("/tasks/<uuid:task_id>/<kind>.<any(docx, pdf):form>")
def of_step(task_id: UUID, kind: str, form: str) -> ResponseReturnValue:
    """The step's presentation, offer or contract, filled in as far as the data goes."""
    session = database.current()
    task = visible.task(session, person(), task_id)
    instance = session.get_one(ProcessInstance, task.instance_id)
    made = step_help.document(session, task, instance, kind)
    content = made.content if form == "docx" else made.pdf(clock.now())
    return download(made.name(form), MEDIA_TYPES[form], content)


@blueprint.get("/files/<uuid:document_id>")
def show(document_id: UUID) -> ResponseReturnValue:
    session = database.current()
    document = _visible(session, person(), document_id)
    return download(document.file_name, document.media_type, files.content(session, document))


@blueprint.post("/instances/<uuid:instance_id>/files")
def bring(instance_id: UUID) -> ResponseReturnValue:
    session, user = database.current(), person()
    if not may_see_instance(session, user, instance_id):
        raise NotFound
    back = own_path(request.form.get("next"), url_for("instances.show", instance_id=instance_id))
    file, kind = request.files.get("file"), request.form.get("kind", files.ATTACHMENT)
    if file is None or not file.filename or kind not in files.KINDS_BROUGHT:
        flash(_("Choose a file."), "bad")
        return redirect(back, 303)
    upload = files.Upload(file.filename, file.stream.read(files.LARGEST + 1))
    database.reread()
    try:
        with database.writing() as session:
            instance = session.get_one(ProcessInstance, instance_id)
            place = files.Place(instance_id, _task(session, instance_id), instance.client_id)
            kept = files.keep(session, upload, place, kind=kind, by=user.login)
            name = kept.file_name
    except files.FileRefused as error:
        flash(why(error.code, files.safe_name(upload.name)), "bad")
        return redirect(back, 303)
    flash(_("The file “%(name)s” is kept with the case.", name=name), "good")
    return redirect(back, 303)


@blueprint.post("/files/<uuid:document_id>/remove")
def remove(document_id: UUID) -> ResponseReturnValue:
    session, user = database.current(), person()
    document = _visible(session, user, document_id)
    if not may_remove(user, document):
        raise NotFound
    back = url_for("instances.show", instance_id=document.instance_id)
    database.reread()
    with database.writing() as session:
        files.remove(session, session.get_one(Document, document_id))
    flash(_("The file was removed."), "good")
    return redirect(own_path(request.form.get("next"), back), 303)


def download(name: str, media_type: str, content: bytes) -> ResponseReturnValue:
    """A file that the browser saves and never shows as a page of ours."""
    return send_file(BytesIO(content), mimetype=media_type, as_attachment=True, download_name=name)


def may_remove(user: User, document: Document) -> bool:
    """Who brought a file may take it back; so may those who steer cases."""
    return document.created_by == user.login or may_steer(user)


def rows(session: Session, user: User, documents: list[Document]) -> list[dict[str, object]]:
    """Files as the pages list them."""
    return [
        {
            "id": document.id,
            "name": document.file_name,
            "kind": worded(FILE_KIND, document.kind),
            "by": staff.name(session, document.created_by) or "–",
            "when": times.when(document.created_at),
            "size": _size(document.size),
            "may_remove": may_remove(user, document),
        }
        for document in documents
    ]


def view(
    session: Session, user: User, instance_id: UUID, task: UserTask | None = None
) -> dict[str, object]:
    """The card of a case's files, on the case's page or beside a task."""
    signing = task is not None and task.step == SIGNING
    return {
        "instance_id": instance_id if may_see_instance(session, user, instance_id) else None,
        "task_id": task.id if task else None,
        "kind": files.SIGNED_CONTRACT if signing else files.ATTACHMENT,
        "rows": rows(session, user, files.of_case(session, instance_id)),
        "kinds": [(kind, worded(FILE_KIND, kind)) for kind in files.KINDS_BROUGHT],
        "accept": ",".join(f".{extension}" for extension in files.TYPES),
    }


def _visible(session: Session, user: User, document_id: UUID) -> Document:
    document = session.get(Document, document_id)
    if (
        document is None
        or document.removed_at is not None
        or document.instance_id is None
        or not may_see_instance(session, user, document.instance_id)
    ):
        raise NotFound
    return document


def _task(session: Session, instance_id: UUID) -> UUID | None:
    """The task from whose page the file comes, if it is one of this case."""
    try:
        task = session.get(UserTask, UUID(request.form.get("task", "")))
    except ValueError:
        return None
    return task.id if task is not None and task.instance_id == instance_id else None


def _size(size: int) -> str:
    if size < KIBIBYTE:
        return ngettext("%(num)s byte", "%(num)s bytes", size)
    if size < KIBIBYTE * KIBIBYTE:
        return _("%(number)s kB", number=round(size / KIBIBYTE))
    return _("%(number)s MB", number=money.number(round(size / KIBIBYTE / KIBIBYTE, 1)))


def why(code: str, name: str) -> str:
    """Why a file was refused."""
    return {
        "empty": _("The file “%(name)s” is empty. Choose another.", name=name),
        "large": _("The file “%(name)s” is larger than 15 MB. Make it smaller.", name=name),
        "type": _(
            "Files like “%(name)s” are not kept. Bring PDF, Word, Excel, ODT, ASiC-E, PNG, JPEG "
            "or plain text.",
            name=name,
        ),
        "content": _(
            "“%(name)s” is not what its name says. Save it again from its own program.", name=name
        ),
        "unsigned-type": _(
            "A signed contract is a PDF, an ASiC-E container or a picture; “%(name)s” is none.",
            name=name,
        ),
    }[code]
