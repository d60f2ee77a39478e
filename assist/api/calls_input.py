"""What the live-call endpoints take (contract section 1). Every field is named; an unknown one is refused (security T22)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from assist.calls.switchboard import Opening, Spoken
from assist.models import CallSession, TranscriptionSegment
from helpdesk.core.api.base import StrictSerializer

LONGEST_TEXT = 200_000  # characters; longer than we keep, so that it can be cut with notice
LONGEST_CALL = 7 * 24 * 3600.0  # seconds
MOST_METADATA = 100  # names
LARGEST_SEQUENCE = 2**62


class Words(serializers.CharField):
    """Text, and nothing that merely can be printed as text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class SessionId(serializers.UUIDField):
    """A UUID as text; a bare number is none."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class Seconds(serializers.FloatField):
    """A number; true and false are none."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


def not_too_much(value: dict[str, Any]) -> None:
    if len(value) > MOST_METADATA:
        raise serializers.ValidationError(_("At most %(most)d names.") % {"most": MOST_METADATA})


class StartInput(StrictSerializer):
    call_id = serializers.CharField(max_length=255)
    agent_id = serializers.CharField(max_length=150, required=False, allow_blank=True, allow_null=True)
    agent_name = serializers.CharField(max_length=150, required=False, allow_blank=True, allow_null=True)
    customer_id = serializers.CharField(max_length=150, required=False, allow_blank=True, allow_null=True)
    customer_phone = serializers.CharField(max_length=40, required=False, allow_blank=True, allow_null=True)
    customer_name = serializers.CharField(max_length=200, required=False, allow_blank=True, allow_null=True)
    direction = serializers.ChoiceField(CallSession.Direction.choices, default=CallSession.Direction.INBOUND)
    acd_metadata = serializers.DictField(required=False, allow_null=True, validators=[not_too_much])
    crm_metadata = serializers.DictField(required=False, allow_null=True, validators=[not_too_much])

    def opening(self) -> Opening:
        given = {name: value for name, value in self.validated_data.items() if value is not None}
        return Opening(**given)


class TranscriptionInput(StrictSerializer):
    session_id = SessionId()
    speaker = serializers.ChoiceField(TranscriptionSegment.Speaker.choices)
    text = Words(max_length=LONGEST_TEXT)
    start_time = Seconds(
        required=False, allow_null=True, min_value=0, max_value=LONGEST_CALL, help_text="Seconds since the call began; without it: now."
    )
    end_time = Seconds(required=False, allow_null=True, min_value=0, max_value=LONGEST_CALL)
    confidence = Seconds(required=False, allow_null=True, min_value=0, max_value=1)
    is_final = serializers.BooleanField(default=True, help_text="false: still being recognised; shown, not kept.")
    external_id = serializers.CharField(max_length=255, required=False, allow_blank=True, allow_null=True)
    sequence = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=LARGEST_SEQUENCE)

    def spoken(self) -> Spoken:
        given = dict(self.validated_data)
        return Spoken(
            speaker=given["speaker"],
            text=given["text"],
            start_time=given.get("start_time"),
            end_time=given.get("end_time"),
            confidence=given.get("confidence"),
            external_id=given.get("external_id") or "",
            sequence=given.get("sequence"),
        )


class EndInput(StrictSerializer):
    session_id = SessionId()
    status = serializers.ChoiceField(
        [(one.value, one.label) for one in (CallSession.Status.COMPLETED, CallSession.Status.ABANDONED, CallSession.Status.TRANSFERRED)],
        default=CallSession.Status.COMPLETED,
    )


class Level(Seconds):
    """How loud, from 0 (silence) to 1."""

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, min_value=0, max_value=1, **more)


class LevelsInput(StrictSerializer):
    customer = Level()
    agent = Level()


class LineInput(StrictSerializer):
    session_id = SessionId()
    on_hold = serializers.BooleanField(required=False, allow_null=True, help_text="The caller waits.")
    agent_muted = serializers.BooleanField(required=False, allow_null=True)
    levels = LevelsInput(required=False, help_text="How loud each side is now, 0 to 1: shown in passing, not kept.")


class SocketTicketInput(StrictSerializer):
    session_id = SessionId(required=False, help_text="The call session that the ticket opens.")
    user_id = serializers.CharField(max_length=150, required=False, help_text="Or the user whose chat it opens.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(_("Name a “session_id” or a “user_id”."))
        return attrs
