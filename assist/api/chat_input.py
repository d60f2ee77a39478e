"""What the chat's endpoints take (contract section 3)."""

from __future__ import annotations

from rest_framework import serializers

from assist.chat.conversation import LONGEST
from helpdesk.core.api.base import StrictSerializer

from .calls_input import Words

NAME = 100  # characters of a session's own name
COMMENT = 2_000


class SayInput(StrictSerializer):
    content = Words(max_length=LONGEST)
    user_id = serializers.CharField(max_length=150, help_text="Your own id of the user, or ours; a widget's visitor names itself.")
    session_id = serializers.CharField(max_length=NAME, required=False, allow_blank=True, allow_null=True)
    client_id = serializers.CharField(
        max_length=NAME, required=False, allow_blank=True, help_text="Your name for this line: sent twice, it is one line with one answer."
    )


class FeedbackInput(StrictSerializer):
    user_id = serializers.CharField(max_length=150)
    session_id = serializers.CharField(max_length=NAME)
    message_id = serializers.UUIDField(required=False, allow_null=True, help_text="An answer of ours; without one the chat as a whole.")
    rating = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(max_length=COMMENT, required=False, allow_blank=True, allow_null=True)
