// One connection to the daemon.

import { parse, sentence } from './wire.mjs';

/** What is told of a connection that ends without a word. */
export const lost = {
  message: 'The connection to the server was lost.',
  hint: 'See whether sotto is still running, then start again.',
};
const strange = {
  message: 'The server said something this page does not understand.',
  hint: 'Load the page again: it may be older than the server.',
};

/**
 * Connects. heard gets every message but errors. closed is called once, unless close came first: with nothing after a
 * good end, else with the server's error, or what else went wrong, as {message, hint}.
 */
export function connect(address, { heard, closed }, WebSocket = globalThis.WebSocket) {
  const socket = new WebSocket(address);
  let open = true;
  let fault = lost;

  const end = (reason) => {
    if (!open) return;
    open = false;
    socket.close();
    closed(reason);
  };
  socket.binaryType = 'arraybuffer';
  socket.onclose = () => end(fault);
  socket.onmessage = ({ data }) => {
    if (!open) return;
    let message;
    try {
      message = parse(data);
    } catch {
      end(strange);
      return;
    }
    if (message.type === 'error') {
      fault = { message: sentence(message.message), hint: sentence(message.hint ?? '') };
      return; // the server closes after its error
    }
    heard(message);
    if (message.type === 'ended') end(null);
  };
  return {
    send: (data) => socket.readyState === WebSocket.OPEN && socket.send(data),
    close() {
      open = false;
      socket.close();
    },
  };
}

/** How long to wait before trying to reach the server for the nth time, from 0. */
export const patienceMs = (attempt) => Math.min(1000 * 2 ** attempt, 15000);
