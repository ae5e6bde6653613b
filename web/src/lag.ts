// How far the text is behind the voice, by what was measured and nothing else.

import type { Message } from './wire';

/**
 * waitMs    how long words wait for certainty: the sound heard beyond a word's own when it was committed
 * behindMs  how far the server is behind the sound it was sent
 */
export type Lag = { waitMs: number | null; behindMs: number };

export const noLag: Lag = { waitMs: null, behindMs: 0 };

const weight = 0.2; // of the newest commit

/** The lag after a message. */
export function lagAfter(lag: Lag, message: Message): Lag {
  if (message.type === 'lag') return { ...lag, behindMs: message.behind_ms };
  const end = message.type === 'commit' ? message.words.at(-1)?.end_ms : undefined;
  if (message.type !== 'commit' || !end) return lag;
  const waited = Math.max(0, message.heard_ms - end);
  return { ...lag, waitMs: lag.waitMs === null ? waited : lag.waitMs + weight * (waited - lag.waitMs) };
}

/** The lag for people; nothing while it is not known. */
export function lagText({ waitMs, behindMs }: Lag): string {
  if (waitMs === null && behindMs < 1000) return '';
  const whole = ((waitMs ?? 0) + behindMs) / 1000;
  return `${whole < 9.95 ? whole.toFixed(1) : Math.round(whole)} s behind the voice`;
}
