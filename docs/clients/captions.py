"""Prints what a voice in a WAV file says, in another language: captions.py FILE SOURCE TARGET [URL]

Needs the package websockets. The protocol is in transport/wire/PROTOCOL.md.
"""
import asyncio, json, sys, wave
import websockets

async def speak(socket, file):
    with wave.open(file) as sound:
        start = {"type": "start", "source": sys.argv[2], "targets": [sys.argv[3]],
                 "rate": sound.getframerate(), "channels": sound.getnchannels()}
        await socket.send(json.dumps(start))
        while piece := sound.readframes(sound.getframerate() // 25):  # 40 ms of 16-bit samples
            await socket.send(piece)  # waits when the server is behind
    await socket.send(json.dumps({"type": "stop"}))

async def main(file, url="ws://127.0.0.1:7788/v1/stream"):
    async with websockets.connect(url, subprotocols=["sotto.v1"]) as socket:
        speaking = asyncio.create_task(speak(socket, file))
        async for text in socket:
            message = json.loads(text)
            match message["type"]:
                case "commit":
                    print(message["text"], end="", flush=True)
                case "end":
                    print()
                case "error":
                    sys.exit(f"{message['message']}; {message.get('hint', '')}")
        await speaking

asyncio.run(main(sys.argv[1], *sys.argv[4:]))
