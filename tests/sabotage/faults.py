"""The faults, as data: what is changed where, which test must notice, why it matters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        name: of the sabotage.
        file: path in the project.
        find: text that stands there exactly once.
        put: what stands there instead.
        test: the test that must turn red.
        why: what would happen to people.
    """

    name: str
    file: str
    find: str
    put: str
    test: str
    why: str


PROCESS = "tests/process/test_one_transaction.py::"
DUE = "tests/process/test_due_work.py::"
LETTERS = "tests/outreach/test_delivery.py::"
QUEUE = "tests/outreach/test_queueing.py::"
REGISTERS = "tests/web/test_registers.py::"
RIGHTS = "tests/web/test_rights.py::"
SIGN_IN = "tests/web/test_signing_in.py::"
TASK = "tests/web/test_task_page.py::"
RENEWAL = "tests/journeys/test_renewal.py::"
COMPLAINT = "tests/journeys/test_complaint.py::"
CAMPAIGN = "tests/journeys/test_campaign.py::"
SELLING = "tests/journeys/test_selling_to_clients.py::"
OFFERS = "tests/journeys/test_offers_and_contracts.py::"

FAULTS = (
    Fault(
        "drop the row version check",
        "broker_crm/process/recording.py",
        "    if result.rowcount != 1:\n        raise Outrun",
        "    if result.rowcount < 0:\n        raise Outrun",
        PROCESS + "test_a_command_that_was_overtaken_changes_nothing_and_is_run_again",
        "Two commands write over each other's state.",
    ),
    Fault(
        "complete what is completed",
        "broker_crm/process/completing.py",
        "    if task.status == TaskStatus.COMPLETED:",
        "    if task.status == TaskStatus.CANCELLED:",
        PROCESS + "test_second_completion_changes_nothing",
        "The second tab is told the wrong thing.",
    ),
    Fault(
        "complete what a colleague holds",
        "broker_crm/process/completing.py",
        "    if task.assignee not in (None, by):",
        "    if task.assignee == '':",
        PROCESS + "test_a_task_is_taken_by_one_and_given_back",
        "A colleague's task is completed behind their back.",
    ),
    Fault(
        "go on after a failed rule",
        "broker_crm/process/transactions.py",
        "                result = work(session)\n                session.flush()\n",
        "                try:\n"
        "                    result = work(session)\n"
        "                finally:\n"
        "                    session.commit()\n",
        "tests/process/test_incidents.py::test_what_a_failing_job_wrote_is_undone",
        "Half a step is kept.",
    ),
    Fault(
        "forget the lease",
        "broker_crm/process/leases.py",
        "        or_(kind.lease_until.is_(None), kind.lease_until < now),\n",
        "",
        DUE + "test_what_one_worker_holds_another_leaves_alone",
        "Several workers try the same work at once.",
    ),
    Fault(
        "count an attempt only when it failed",
        "broker_crm/process/leases.py",
        "attempts=kind.attempts + 1)",
        "attempts=kind.attempts)",
        DUE + "test_a_timer_that_kills_its_worker_is_parked_and_the_others_fire_once",
        "A timer that kills its worker is tried for ever.",
    ),
    Fault(
        "no rest after a failure",
        "broker_crm/process/leases.py",
        "            row.not_before = clock.now() + BACK_OFF[max(row.attempts, 1) - 1]",
        "            row.not_before = clock.now()",
        DUE + "test_a_failed_timer_rests_before_it_is_tried_again",
        "What fails is parked before its cause can pass.",
    ),
    Fault(
        "let a failing timer stop the sweep",
        "broker_crm/process/leases.py",
        "            except Exception as error:\n                failures += 1",
        "            except ZeroDivisionError as error:\n                failures += 1",
        DUE + "test_a_poisoned_timer_is_parked_and_the_others_fire",
        "One poisoned timer holds up everybody's reminders.",
    ),
    Fault(
        "one receiver of a signal for all",
        "broker_crm/process/messages.py",
        "        broadcast(session, message.name, message.payload)\n        return 0",
        "        for row in session.execute(select(EventSubscription.id, "
        "EventSubscription.instance_id).where(EventSubscription.name == message.name)).all():\n"
        "            deliver(session, row.id, row.instance_id, message.payload, by=None)\n"
        "        return 0",
        DUE + "test_a_signal_reaches_every_case_although_one_fails",
        "One failing case keeps a signal from all others.",
    ),
    Fault(
        "start twice with one key",
        "broker_crm/process/start_requests.py",
        "    if before is not None:\n",
        "    if before is None and key == '':\n",
        "tests/process/test_start_once.py::"
        "test_the_same_key_starts_once_and_tells_where_the_case_stands",
        "A double click starts two cases.",
    ),
    Fault(
        "send before the claim",
        "broker_crm/outreach/deliver.py",
        "                    state=OutboxState.SENDING,\n",
        "                    state=OutboxState.QUEUED,\n",
        LETTERS + "test_a_sender_that_dies_while_sending_leaves_doubt_and_no_second_letter",
        "A letter goes out twice after a crash.",
    ),
    Fault(
        "forget the lease token of a letter",
        "broker_crm/outreach/deliver.py",
        "    if entry.lease_token != token:\n        return False\n",
        "",
        LETTERS + "test_a_late_answer_does_not_undo_what_a_person_decided",
        "A late answer undoes what a person decided.",
    ),
    Fault(
        "send again what is in doubt",
        "broker_crm/outreach/deliver.py",
        "        entry.state = OutboxState.IN_DOUBT\n        entry.last_error = STOPPED",
        "        entry.state = OutboxState.QUEUED\n        entry.last_error = STOPPED",
        LETTERS + "test_a_sender_that_dies_while_sending_leaves_doubt_and_no_second_letter",
        "The client gets the letter twice.",
    ),
    Fault(
        "a letter for each attempt of a step",
        "broker_crm/outreach/letters.py",
        "Letter.dedup_key == origin.dedup_key",
        "Letter.dedup_key == origin.dedup_key + 'x'",
        QUEUE + "test_the_same_step_queues_the_same_letter_once",
        "The same letter is queued twice.",
    ),
    Fault(
        "let header tricks through",
        "broker_crm/outreach/headers.py",
        'if UNWRITABLE.search(text) or "=?" in text:',
        "if not text:",
        QUEUE + "test_a_client_name_can_not_add_headers",
        "A client's name adds a blind copy to a letter.",
    ),
    Fault(
        "skip the checksum",
        "broker_crm/engine/state.py",
        "    if _digest(prefix + body) != digest:",
        "    if len(body) < 0:",
        "tests/engine/test_state_integrity.py::test_every_single_flipped_bit_is_noticed",
        "A damaged state is run.",
    ),
    Fault(
        "run another instance's state",
        "broker_crm/engine/state.py",
        "    if instance_id is not None and bound not in (instance_id, _UNBOUND):",
        "    if bound is None:",
        "tests/engine/test_state_integrity.py::test_another_instance_s_state_is_never_run",
        "Two clients' cases are mixed up.",
    ),
    Fault(
        "never prune",
        "broker_crm/engine/pruning.py",
        "            _fold_rounds(workflow)\n",
        "            pass\n",
        "tests/engine/test_long_cases.py::test_two_hundred_rounds_take_no_more_room_than_twenty",
        "A case that goes round and round becomes slower and slower.",
    ),
    Fault(
        "count a token twice at a join",
        "broker_crm/engine/joins.py",
        "        _use_up(used)\n",
        "",
        "tests/engine/test_long_cases.py::test_a_random_process_goes_as_the_token_game_says",
        "A case goes on before all of its branches have ended.",
    ),
    Fault(
        "everybody sees every task",
        "broker_crm/process/rights.py",
        "    groups = [str(role) for role in user.roles]\n    return or_(",
        "    groups = [str(role) for role in user.roles]\n    return or_(\n        true(),",
        RIGHTS + "test_a_case_is_open_to_those_who_see_all_cases",
        "People read other people's clients.",
    ),
    Fault(
        "approve one's own work",
        "broker_crm/process/rights.py",
        "    if latest == user.login:",
        "    if latest == '':",
        PROCESS + "test_who_prepared_an_offer_does_not_approve_it",
        "Who prepared an offer approves it too.",
    ),
    Fault(
        "no page token",
        "broker_crm/web/app.py",
        "    csrf.init_app(app)\n",
        "    app.jinja_env.globals['csrf_token'] = str\n",
        SIGN_IN + "test_every_post_of_the_pages_needs_the_page_token",
        "Another site completes tasks in a person's name.",
    ),
    Fault(
        "keep a session after its stamp has changed",
        "broker_crm/web/sign_in.py",
        " or user.session_stamp != stamp:",
        ":",
        SIGN_IN + "test_signing_in_gives_a_new_session_and_signing_out_ends_all",
        "A stolen session lives on after signing out.",
    ),
    Fault(
        "send people anywhere after signing in",
        "broker_crm/web/own_path.py",
        '    if wish.startswith("//") or "\\\\" in wish or any(ord(mark) < 33 for mark in wish):',
        "    if len(wish) < 0:",
        SIGN_IN + "test_nobody_is_sent_to_a_foreign_place",
        "A forged link leads from our sign-in to a foreign page.",
    ),
    Fault(
        "take unknown fields",
        "broker_crm/definitions/forms/submission.py",
        "        self._refuse_unknown(known, said, above)\n",
        "",
        TASK + "test_unknown_hidden_and_wrong_fields_are_refused",
        "A person sets a variable that decides about their own approval.",
    ),
    Fault(
        "take hidden fields",
        "broker_crm/definitions/forms/submission.py",
        "        self._refuse_hidden({found.path for found in visible})\n",
        "",
        TASK + "test_unknown_hidden_and_wrong_fields_are_refused",
        "A field that the form does not show gets in.",
    ),
    Fault(
        "publish the same again",
        "broker_crm/definitions/publish.py",
        "    if latest is not None and latest.content_hash == bundle.content_hash:",
        "    if latest is not None and latest.content_hash == '':",
        "tests/definitions/test_publishing.py::test_the_same_content_publishes_nothing_new",
        "Versions pile up that do not differ.",
    ),
    Fault(
        "trust a version's files",
        "broker_crm/definitions/published.py",
        ".content_hash != version.content_hash:",
        ".content_hash == '':",
        "tests/definitions/test_publishing.py::test_a_flipped_byte_in_the_database_is_told",
        "A diagram changed behind the back of its publisher runs.",
    ),
    Fault(
        "work on holidays",
        "broker_crm/calendar.py",
        "        return day.weekday() < 5 and day not in self.closed",
        "        return day.weekday() < 5",
        "tests/test_calendar.py::test_lithuanian_holidays_are_closed",
        "A task is due on Christmas Day.",
    ),
    Fault(
        "count the due day as late",
        "broker_crm/calendar.py",
        "        return bisect_right(self._days, end) - bisect_right(self._days, start)",
        "        return bisect_right(self._days, end) - bisect_left(self._days, start)",
        "tests/test_calendar.py::test_days_between_are_those_that_a_person_would_count",
        "Everybody is late by a day.",
    ),
    Fault(
        "expressions without end",
        "broker_crm/engine/feel/interpreter.py",
        "        context.set_time_limit(MAX_SECONDS)\n",
        "        context.set_time_limit(MAX_SECONDS * 400)\n",
        "tests/engine/test_feel.py::test_hostile_expressions_end_soon",
        "One expression holds up a whole web process.",
    ),
    Fault(
        "business: start a renewal twice",
        "broker_crm/crm/cases.py",
        "    if policy is not None and process_key == RENEWAL:",
        "    if policy is None and process_key == RENEWAL:",
        RENEWAL + "test_the_end_of_a_policy_starts_its_renewal_once_and_leads_to_a_paid_policy",
        "A client is asked twice about the same policy.",
    ),
    Fault(
        "business: take another policy's number",
        "broker_crm/crm/policies.py",
        "    if number and _is_anothers(step, number):",
        "    if number and len(number) > 999:",
        RENEWAL + "test_a_policy_with_wrong_days_or_a_taken_number_is_refused_by_field",
        "Two policies have one number.",
    ),
    Fault(
        "business: count complaints from the wrong day",
        "broker_crm/crm/complaints.py",
        "    day = calendar.add_working_days(received_on, _number(days))",
        "    day = calendar.add_working_days(received_on, _number(days) + 1)",
        COMPLAINT + "test_terms_are_counted_in_working_days_after_the_day_of_receipt",
        "An answer is a day too late for the law.",
    ),
    Fault(
        "business: write to who withdrew",
        "broker_crm/outreach/deliver.py",
        "        if _lacks_permission(session, letter):",
        "        if letter.purpose == '':",
        CAMPAIGN + "test_who_withdraws_while_the_letter_waits_gets_nothing",
        "An offer reaches a person who forbade it.",
    ),
    Fault(
        "business: sell during a complaint",
        "broker_crm/crm/permissions.py",
        '        return "open-complaint"',
        '        return ""',
        SELLING + "test_nothing_is_offered_while_something_forbids_it",
        "Who complains is sold to.",
    ),
    Fault(
        "business: send an unapproved offer",
        "broker_crm/crm/offers.py",
        '    if offer is not None and offer.approved_by is None and _level(known) != "none":',
        "    if offer is not None and offer.approved_by == '':",
        OFFERS + "test_an_unapproved_offer_is_not_sent_whatever_the_diagram_says",
        "A discount that nobody allowed reaches the client.",
    ),
    Fault(
        "business: let standard terms overlap",
        "broker_crm/crm/terms_register.py",
        "        if there.valid_to is not None or there.valid_from >= begins:",
        "        if there.valid_to is None and there.valid_from > begins:",
        REGISTERS + "test_terms_that_would_overlap_are_refused_with_the_period_that_is_in_the_way",
        "Two standards are in force on one day, and what an offer gave away cannot be told.",
    ),
    Fault(
        "business: show a colleague's records",
        "broker_crm/crm/visibility.py",
        "    return client is not None and may_see_client(session, user, client)",
        "    return client is not None",
        REGISTERS + "test_records_of_a_colleagues_client_are_not_there",
        "A salesperson reads the policies and offers of another one's client.",
    ),
    Fault(
        "business: raise the same signal again",
        "broker_crm/crm/opportunities.py",
        "    opportunity.sent_at = clock.now()",
        "    opportunity.sent_at = None",
        SELLING + "test_a_signal_that_waits_for_a_worker_is_not_sent_again",
        "One opportunity becomes many cases.",
    ),
)
