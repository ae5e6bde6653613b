// A line to the server on which one voice speaks: over WebSocket, or over WebRTC.

import { comesBack, type Message, parse, sentence } from '../wire';
import type { Fault } from './state';

/**
 * Goodbye says how a line ended: well, when there is no fault. again: the voice may go on over another line, in retryMs at
 * the earliest.
 */
export type Goodbye = { fault: Fault | null; again: boolean; retryMs: number };

export type Listener = { heard(message: Message): void; closed(goodbye: Goodbye): void };

export type Line = {
  send(data: string | ArrayBuffer): void;
  close(): void; // closed is not called then
};

export const lost: Fault = { message: 'The connection to the server was lost.', hint: 'See whether sotto is still running.' };
const strange: Fault = {
  message: 'The server said something this page does not understand.',
  hint: 'Load the page again: it may be older than the server.',
};

/** What is common to lines: messages are read, an error is kept until the close that it explains, and closed is called once. */
export function listen({ heard, closed }: Listener, hangUp: () => void) {
  let open = true;
  let fault = lost;
  let retryMs = 0;

  const end = (goodbye: Goodbye): void => {
    if (!open) return;
    open = false;
    hangUp();
    closed(goodbye);
  };
  return {
    end,
    text(data: string): void {
      if (!open) return;
      let message: Message | null;
      try {
        message = parse(data);
      } catch {
        return end({ fault: strange, again: false, retryMs: 0 });
      }
      if (message?.type === 'error') {
        fault = { message: sentence(message.message), hint: sentence(message.hint) };
        retryMs = message.retry_ms ?? 0;
        return; // the server closes after its error
      }
      if (message) heard(message);
      if (message?.type === 'ended') end({ fault: null, again: false, retryMs: 0 });
    },
    gone: (code: number): void => end({ fault, again: comesBack(code), retryMs }),
    close(): void {
      open = false;
      hangUp();
    },
  };
}
