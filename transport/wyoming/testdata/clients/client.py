"""What Wyoming's Python client makes of a recording: client.py PORT < 16 kHz, 16-bit."""

import asyncio
import json
import sys

from wyoming.asr import Transcribe, Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.version import __version__

port, sound = int(sys.argv[1]), sys.stdin.buffer.read()
SOUND = {"rate": 16000, "width": 2, "channels": 1}


async def read_all(client):
    """Reads to the end of a transcript, and of its stream."""
    got = {"types": [], "chunks": "", "text": None, "language": None, "error": None}
    while event := await client.read_event():
        if event.type not in got["types"]:
            got["types"].append(event.type)
        if TranscriptStart.is_type(event.type):
            got["language"] = TranscriptStart.from_event(event).language
        elif TranscriptChunk.is_type(event.type):
            got["chunks"] += TranscriptChunk.from_event(event).text
        elif Transcript.is_type(event.type):
            got["text"] = Transcript.from_event(event).text
        elif TranscriptStop.is_type(event.type):
            return got
        elif Error.is_type(event.type):
            got["error"] = [Error.from_event(event).code, Error.from_event(event).text]
    return got


async def hear(client, sound, **what):
    await client.write_event(Transcribe(**what).event())
    await client.write_event(AudioStart(timestamp=0, **SOUND).event())
    for at in range(0, len(sound), 2048):
        await client.write_event(AudioChunk(audio=sound[at : at + 2048], timestamp=at // 32, **SOUND).event())
    await client.write_event(AudioStop().event())
    return await read_all(client)


async def main():
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(Ping(text="hello").event())
        pong = Pong.from_event(await client.read_event()).text
        await client.write_event(Describe().event())
        info = Info.from_event(await client.read_event())
        spanish = await hear(client, sound, language="es")
        english = await hear(client, sound, name="to-en", language="es")
    async with AsyncTcpClient("127.0.0.1", port) as client:
        refused = await hear(client, b"", language="ja")
    program = info.asr[0]
    print(json.dumps({
        "version": __version__, "pong": pong, "streams": program.supports_transcript_streaming,
        "models": {m.name: m.languages for m in program.models},
        "spanish": spanish, "english": english, "refused": refused,
    }))


asyncio.run(main())
