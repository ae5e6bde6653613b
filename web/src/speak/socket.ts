// A line over WebSocket: text messages both ways, sound as binary ones.

import { type Line, listen, type Listener } from './line';

/** Waiting sound beyond this many bytes, about 10 s at 48 kHz, is not sent: the line is too slow for it. */
const mostWaiting = 1 << 20;

export function connect(address: string, listener: Listener, WebSocket = globalThis.WebSocket): Line {
  const socket = new WebSocket(address);
  const { text, gone, close } = listen(listener, () => socket.close());
  socket.binaryType = 'arraybuffer';
  socket.onmessage = ({ data }) => text(data);
  socket.onclose = ({ code }) => gone(code);
  return {
    send(data) {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (typeof data === 'string' || socket.bufferedAmount < mostWaiting) socket.send(data);
    },
    close,
  };
}
