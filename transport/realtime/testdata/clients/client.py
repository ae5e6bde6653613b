"""OpenAI's own Python client, with nothing changed but the address.

    python client.py BASE_URL SOUND

streams SOUND, 16-bit samples of one channel at 24 kHz, and prints what it got as
one JSON object.
"""

import asyncio
import base64
import json
import sys

import openai

COMPLETED = "conversation.item.input_audio_transcription.completed"

base_url, name = sys.argv[1:]
client = openai.AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0)
with open(name, "rb") as f:
    sound = f.read()


def pieces(size):
    for at in range(0, len(sound), size):
        yield base64.b64encode(sound[at : at + size]).decode()


async def translate(language, transcript, key=None, **query):
    c = client if key is None else openai.AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0)
    events = []
    async with c.realtime.translations.connect(model="gpt-realtime-translate", extra_query=query) as connection:

        async def speak():
            session = {}
            if language:
                session["audio"] = {"output": {"language": language}}
            if transcript:
                session.setdefault("audio", {})["input"] = {"transcription": {"model": "gpt-4o-transcribe"}}
            if session:
                await connection.session.update(session=session)
            for piece in pieces(9600):  # 200 ms
                await connection.session.input_audio_buffer.append(audio=piece)
            await connection.session.close()

        speaking = asyncio.create_task(speak())
        async for event in connection:
            events.append(event)
        await speaking
    return {
        "types": [e.type for e in events],
        "classes": sorted({type(e).__name__ for e in events}),
        "output": "".join(e.delta for e in events if e.type == "session.output_transcript.delta"),
        "input": "".join(e.delta for e in events if e.type == "session.input_transcript.delta"),
        "elapsed": [e.elapsed_ms for e in events if e.type == "session.output_transcript.delta"],
        "language": events[-2].session.audio.output.language if len(events) == 2 else None,
        "errors": [e.error.message for e in events if e.type == "error"],
    }


async def transcribe(turns):
    events = []
    async with client.realtime.connect(model="gpt-4o-transcribe", extra_query={"intent": "transcription"}) as connection:
        await connection.session.update(
            session={
                "type": "transcription",
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcm", "rate": 24000},
                        "transcription": {"model": "gpt-4o-transcribe", "language": "es"},
                        "turn_detection": {"type": "server_vad", "silence_duration_ms": 500} if turns else None,
                    }
                },
            }
        )

        async def speak():
            for piece in pieces(4800):
                await connection.input_audio_buffer.append(audio=piece)
            if not turns:
                await connection.input_audio_buffer.commit()
            await connection.input_audio_buffer.clear()

        def count(kind):
            return sum(e.type == kind for e in events)

        speaking = asyncio.create_task(speak())
        async for event in connection:
            events.append(event)
            committed = count("input_audio_buffer.committed")
            if count("input_audio_buffer.cleared") and committed == count(COMPLETED):
                break
        await speaking
    return {
        "classes": sorted({type(e).__name__ for e in events}),
        "deltas": "".join(e.delta for e in events if e.type == "conversation.item.input_audio_transcription.delta"),
        "completed": [e.transcript for e in events if e.type == COMPLETED],
        "seconds": [e.usage.seconds for e in events if e.type == COMPLETED],
        "started": [e.audio_start_ms for e in events if e.type == "input_audio_buffer.speech_started"],
        "errors": [e.error.message for e in events if e.type == "error"],
    }


async def secrets():
    a = await client.realtime.translations.client_secrets.create(
        session={"model": "gpt-realtime-translate", "audio": {"output": {"language": "fr"}}},
        expires_after={"anchor": "created_at", "seconds": 60},
    )
    b = await client.realtime.client_secrets.create(session={"type": "transcription"})
    c = await client.beta.realtime.transcription_sessions.create(input_audio_transcription={"language": "es"})
    return a.value, {
        "translation": [a.value[:3], a.session.type, a.session.audio.output.language],
        "transcription": [b.value[:3], b.session.type, b.session.audio.input.turn_detection.type],
        "beta": [c.client_secret.value[:3], c.input_audio_format, c.turn_detection.type],
    }


async def main():
    key, made = await secrets()
    german, english, french = await asyncio.gather(
        translate("de", True), translate(None, False), translate(None, False, key=key)
    )
    return {
        "version": openai.__version__,
        "german": german,
        "english": english,
        "french": french,
        "refused": await translate("ja", False),
        "turns": await transcribe(True),
        "manual": await transcribe(False),
        "secrets": made,
    }


print(json.dumps(asyncio.run(main())))
