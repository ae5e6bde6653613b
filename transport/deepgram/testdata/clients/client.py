"""What Deepgram's Python SDK makes of a recording: client.py ADDRESS < 16 kHz, 16-bit."""

import importlib.metadata
import json
import sys
import threading

from deepgram import DeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment

address, sound = sys.argv[1], sys.stdin.buffer.read()
there = DeepgramClientEnvironment(base="http" + address[2:], production=address, agent=address, agent_rest="http" + address[2:])
client = DeepgramClient(api_key="none", environment=there)


def hear(sound, finalize=False, **options):
    """Streams sound and returns what came."""
    heard = {"classes": [], "final": [], "drafts": 0, "words": [], "errors": [], "finalized": 0, "metadata": None, "utterances": [], "started": []}

    def on_message(message):
        heard["classes"].append(type(message).__name__)
        if message.type == "Results":
            best = message.channel.alternatives[0]
            heard["drafts"] += not message.is_final
            heard["finalized"] += bool(message.from_finalize)
            if message.is_final and best.transcript:
                heard["final"].append(best.transcript)
                heard["words"] += [[w.punctuated_word, w.start, w.end, w.confidence] for w in best.words]
        elif message.type == "UtteranceEnd":
            heard["utterances"].append(message.last_word_end)
        elif message.type == "SpeechStarted":
            heard["started"].append(message.timestamp)
        elif message.type == "Metadata":
            heard["metadata"] = [message.duration, message.channels, message.request_id, message.sha256]

    with client.listen.v1.connect(model="nova-3", encoding="linear16", sample_rate=16000, **options) as stream:
        stream.on(EventType.MESSAGE, on_message)
        stream.on(EventType.ERROR, lambda e: heard["errors"].append(str(e)))
        reading = threading.Thread(target=stream.start_listening)
        reading.start()
        stream.send_keep_alive()
        for at in range(0, len(sound), 8000):
            stream.send_media(sound[at : at + 8000])
        if finalize:
            stream.send_finalize()
        stream.send_close_stream()
        reading.join()
    heard["classes"] = sorted(set(heard["classes"]))
    return heard


def refused(**options):
    try:
        hear(b"", **options)
    except Exception as e:
        return str(e)


print(json.dumps({
    "version": importlib.metadata.version("deepgram-sdk"),
    "spanish": hear(sound, language="es", punctuate=True, interim_results=True, utterance_end_ms=1000, vad_events=True),
    "english": hear(sound, request_options={"additional_query_parameters": {"target_language": "en"}}),
    "finalized": hear(sound[: 2 * 16000 * 9 // 5], finalize=True),
    "refused": refused(language="ja"),
}))
