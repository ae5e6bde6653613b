"""OpenAI's own Python client, with nothing changed but the address.

    python client.py BASE_URL RECORDING

prints what it got as one JSON object.
"""

import json
import sys

import openai

base_url, recording = sys.argv[1:]
client = openai.OpenAI(base_url=base_url, api_key="none", max_retries=0)


def sound():
    return open(recording, "rb")


def transcribe(**options):
    return client.audio.transcriptions.create(file=sound(), model="whisper-1", **options)


def translate(**options):
    return client.audio.translations.create(file=sound(), model="whisper-1", **options)


def verbose(reply):
    return {
        "language": reply.language,
        "duration": reply.duration,
        "text": reply.text,
        "words": [[w.word, w.start, w.end] for w in getattr(reply, "words", None) or []],
        "segments": [[s.text, s.start, s.end, s.avg_logprob, s.no_speech_prob] for s in reply.segments or []],
    }


def stream():
    events = list(client.audio.transcriptions.create(file=sound(), model="gpt-4o-transcribe", stream=True))
    return {"deltas": [e.delta for e in events[:-1]], "types": sorted({e.type for e in events}), "text": events[-1].text}


def refused(call):
    try:
        call()
    except openai.APIStatusError as e:
        return [e.status_code, e.code, e.param]
    return None


def refused_file(name, data):
    return refused(lambda: client.audio.transcriptions.create(file=(name, data), model="whisper-1"))


print(json.dumps({
    "version": openai.__version__,
    "models": [m.id for m in client.models.list()],
    "model": client.models.retrieve("whisper-1").id,
    "json": transcribe(language="es", prompt="a call", temperature=0).text,
    "text": transcribe(response_format="text"),
    "srt": transcribe(response_format="srt"),
    "vtt": transcribe(response_format="vtt"),
    "verbose": verbose(transcribe(response_format="verbose_json", timestamp_granularities=["word", "segment"])),
    "stream": stream(),
    "translation": translate().text,
    "translation_text": translate(response_format="text"),
    "translation_srt": translate(response_format="srt"),
    "translation_verbose": verbose(translate(response_format="verbose_json")),
    "german": translate(extra_body={"target_language": "de"}).text,
    "refused": {
        "language": refused(lambda: transcribe(language="xx")),
        "target": refused(lambda: translate(extra_body={"target_language": "ja"})),
        "format": refused(lambda: transcribe(response_format="diarized_json")),
        "model": refused(lambda: client.audio.transcriptions.create(file=sound(), model="tts-1")),
        "sound": refused_file("voice.wav", b"RIFF0000WAVE, but not really"),
        "big": refused_file("voice.wav", bytes(26 << 20)),
        "no model": refused(lambda: client.models.retrieve("tts-1")),
    },
}))
