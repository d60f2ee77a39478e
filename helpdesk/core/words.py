"""The words that scripts say, translated by the server: `{% words %}` puts them into the page, `words.js` reads them there."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def words() -> dict[str, str]:
    """Name to words. `{name}` in braces is filled in by the script; a name in `.one` and `.other` follows a number."""
    return {**_times(), **_states(), **_composing(), **_keys(), **_calls()}


def _times() -> dict[str, str]:
    return {"now": _("now"), "min": _("{0} min"), "h": _("{0} h"), "hm": _("{0} h {1}"), "d": _("{0} d")}


def _states() -> dict[str, str]:
    return {
        "live_on": _("Live updates on"),
        "live_off": _("Live updates are off"),
        "signed_out": _("Signed out"),
        "reconnecting": _("Reconnecting, try {n}"),
        "in_seconds": _("in {n} s"),
        "offline_since": _("Offline since {time}"),
        "retry": _("Retry"),
        "list_reloaded": _("List reloaded"),
        "wrote": _("{name} wrote"),
        "not_yours": _("This ticket is no longer yours to see"),
        "not_there": _("This ticket is not there, or no longer yours"),
        "not_done": _("That did not work. Nothing was lost; try again"),
        "not_loaded": _("This part did not load"),
        "try_again": _("Try again"),
        "copied": _("Copied"),
        "undo": _("Undo"),
        "search": _("Search or jump"),
        "new_tickets.one": ngettext("{n} new ticket", "{n} new tickets", 1),
        "new_tickets.other": ngettext("{n} new ticket", "{n} new tickets", 2),
    }


def _composing() -> dict[str, str]:
    return {
        "reply": _("Reply"),
        "note": _("Note"),
        "remove": _("Remove {name}"),
        "kept_offline": _("Kept here. It is sent when you are back online"),
        "too_late": _("Too late: the reply has left"),
        "taken_back": _("Taken back"),
        "wrote_now": _("{name} wrote just now."),
        "writing": _("Writing a reply"),
        "stop": _("Stop"),
        "macro_hole": _("Fill in {name}"),
        "on_send": _("On sending: {what}"),
        "read_first": _("Read it before you send."),
    }


def _keys() -> dict[str, str]:
    return {
        "next_ticket": _("Next ticket"),
        "previous_ticket": _("Previous ticket"),
        "select_down": _("Select down"),
        "select_up": _("Select up"),
        "select": _("Select"),
        "take_next": _("Take the next ticket"),
        "label": _("Label"),
        "snooze_or_undo": _("Snooze, or undo"),
        "next_suggestion": _("Next suggestion"),
        "previous_suggestion": _("Previous suggestion"),
        "helpful": _("Helpful"),
        "not_helpful": _("Not helpful"),
        "irrelevant": _("Irrelevant"),
    }


def _calls() -> dict[str, str]:
    return {
        "rings": _("Call from {name}"),
        "said_it": _("Said it"),
        "call_link_lost": _("No live updates right now. The call goes on; what you note is kept"),
        "call_ended": _("The call has ended"),
        "new_lines.one": ngettext("{n} new line, jump to live", "{n} new lines, jump to live", 1),
        "new_lines.other": ngettext("{n} new line, jump to live", "{n} new lines, jump to live", 2),
        "newer": _("Newer: {title}"),
        "suggested": _("Suggestion: {title}, {percent}%"),
        "arrived": _("arrived {time}"),
        "answered": _("{done} of {whole} answered"),
        "to_suggest": _("{n} s to suggest"),
        "slow_to_suggest": _("{n} s to suggest: the server is busy"),
        "nothing_heard": _("Nothing heard for {n} s. Your notes still work"),
        "no_transcript": _("No transcript yet after {n} s. Your notes still work; the wrap-up will ask for a sentence"),
        "used_said": _("Noted as said"),
        "used_notes": _("Copied to the notes"),
        "used_reply": _("Added to what you write after the call"),
        "kind_article": _("Say next"),
        "kind_solution": _("Solved before"),
        "kind_reply": _("Say next"),
        "kind_similar_ticket": _("Similar ticket"),
        "kind_action": _("Do next"),
    }
