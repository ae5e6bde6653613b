"""Speaks raw s16le at 16 kHz to a daemon with the package websockets, in every way the package has, and prints what it saw."""
import asyncio, json, struct, sys
import websockets

url, sound = sys.argv[1], open(sys.argv[2], "rb").read()
start = {"type": "start", "source": "es", "targets": ["en"]}


async def until(socket, wanted, seen):
    async for text in socket:
        seen.append(json.loads(text))
        if seen[-1]["type"] == wanted:
            return


async def voice(seen, **more):
    """A whole voice; numbered messages carry their number."""
    async with websockets.connect(url, subprotocols=["sotto.v1", "sotto.token.c2VjcmV0"]) as socket:
        await socket.send(json.dumps(start | more))
        await (await socket.ping(b"there?"))
        text = json.dumps({"type": "marker", "id": "κ"}, ensure_ascii=False)
        await socket.send([text[:9], text[9:20], text[20:]])  # in fragments
        for number, at in enumerate(range(0, len(sound), 1280)):
            head = struct.pack("<IQ", number, at // 2) if more.get("numbered") else b""
            await socket.send(head + sound[at:at + 1280])
        await socket.send(json.dumps({"type": "stop"}))
        await until(socket, "ended", seen)
        await socket.wait_closed()
        return socket.subprotocol, socket.close_code


async def refused(first):
    async with websockets.connect(url) as socket:
        seen = []
        await socket.send(first)
        await until(socket, "error", seen)
        await socket.wait_closed()
        return [seen[-1]["code"], socket.close_code, socket.close_reason]


async def leaves():
    async with websockets.connect(url) as socket:
        await socket.send(json.dumps(start))
        await socket.close(1001, "good bye")
        return socket.close_code


async def main():
    plain, numbered = [], []
    subprotocol, code = await voice(plain)
    await voice(numbered, numbered=True)
    text = lambda seen: "".join(m["text"] if m["type"] == "commit" else "\n" for m in seen if m["type"] in ("commit", "end"))
    print(json.dumps({
        "version": websockets.__version__, "subprotocol": subprotocol, "close": code, "text": text(plain), "numbered": text(numbered),
        "markers": [m["id"] for m in plain if m["type"] == "marker"],
        "counted": [m["seq"] for m in plain] == list(range(1, len(plain) + 1)) and len({m["epoch"] for m in plain}) == 1,
        "refused": await refused('{"type":"start","source":"es","targets":["en"],"rate":7999}'),
        "early": await refused(b"\x00" * 1280), "left": await leaves(),
    }))


asyncio.run(main())
