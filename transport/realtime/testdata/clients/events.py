"""Judges our events by the types of OpenAI's own Python client.

    python events.py EVENTS

reads one event a line and fails on the first that has not the shape its type has
there.
"""

import json
import sys

from openai.types.realtime import RealtimeServerEvent, RealtimeTranslationServerEvent
from openai.types.beta.realtime import TranscriptionSessionUpdatedEvent
from pydantic import TypeAdapter

translations, sessions = TypeAdapter(RealtimeTranslationServerEvent), TypeAdapter(RealtimeServerEvent)
translating = False

with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        event = json.loads(line)
        kind = event["type"]
        if kind == "session.created":
            translating = event["session"]["type"] == "translation"
        if kind == "transcription_session.updated":
            event["session"]["client_secret"] = {"value": "ek_0", "expires_at": 0}
            TypeAdapter(TranscriptionSessionUpdatedEvent).validate_python(event, strict=False)
            continue
        read = (translations if translating else sessions).validate_python(event)
        assert read.type == kind, (read, kind)
