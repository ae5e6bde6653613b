"""What WhisperLive's own clients make of a recording: client.py PORT < 16 kHz, 16-bit.

They import pyaudio to record. Where it is not installed, a microphone that is not
there takes its place, as on a machine without one.
"""

import contextlib
import importlib.metadata
import io
import json
import os
import sys
import tempfile
import types
import wave

try:
    import pyaudio
except ImportError:

    class PyAudio:
        def open(self, **_):
            raise OSError("no microphone")

        def terminate(self):
            pass

    sys.modules["pyaudio"] = types.SimpleNamespace(PyAudio=PyAudio, paInt16=8)

from whisper_live.client import StreamingTranscriptionClient, TranscriptionClient

port, sound = int(sys.argv[1]), sys.stdin.buffer.read()
os.chdir(tempfile.mkdtemp())


def stream(**options):
    """Streams all the sound and returns what came."""
    got = {"committed": [], "translated": [], "partial": 0, "errors": [], "segments": []}

    def on_partial(text, segments):
        got["partial"] += 1

    def on_translation(text, segments):
        for s in segments:
            if s["completed"] and s["text"] not in got["translated"]:
                got["translated"].append(s["text"])

    client = StreamingTranscriptionClient(
        "127.0.0.1", port,
        on_committed_transcript=lambda text, segments: got["committed"].append(text),
        on_partial_transcript=on_partial, on_translation=on_translation,
        on_error=lambda e: got["errors"].append(str(e)), **options)
    with client:
        for at in range(0, len(sound), 8192):
            client.send(sound[at : at + 8192])
    got["segments"] = client.transcript
    got["language"] = client._client.language
    return got


def play(seconds, **options):
    """Plays the first seconds at their own pace and returns the transcript and the subtitles."""
    with wave.open("clip.wav", "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(sound[: int(seconds * 32000)])
    client = TranscriptionClient("127.0.0.1", port, mute_audio_playback=True, log_transcription=False, **options)
    client.client.disconnect_if_no_response_for = 2
    text = client(audio="clip.wav")
    with open("output.srt") as file:
        return [text or "", file.read()]


def full():
    """Comes when another has the only seat."""
    with StreamingTranscriptionClient("127.0.0.1", port):
        try:
            StreamingTranscriptionClient("127.0.0.1", port).connect()
        except RuntimeError as e:
            return str(e)


said = io.StringIO()
with contextlib.redirect_stdout(said):
    result = {
        "version": importlib.metadata.version("whisper-live"),
        "spanish": stream(),
        "both": stream(lang="es", enable_translation=True, target_language="de"),
        "english": play(5.8, lang="es", translate=True),
        "full": full(),
    }
result["said"] = said.getvalue()
print(json.dumps(result))
