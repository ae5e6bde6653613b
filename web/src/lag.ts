// How far the text is behind the voice, by what was measured and nothing else.

import type { Message } from './wire';

/**
 * waitMs    how long words wait for certainty: the sound heard beyond a word's own when it was committed, on average
 * behindMs  how far the server is behind the sound it was sent
 */
export type Lag = { waitMs: number | null; behindMs: number };

export const noLag: Lag = { waitMs: null, behindMs: 0 };

const weight = 0.2; // of the newest commit

/** The lag after a message. */
export function lagAfter(lag: Lag, message: Message): Lag {
  if (message.type === 'lag') return { ...lag, behindMs: message.behind_ms };
  const ends = message.type === 'commit' ? message.words.map((word) => word.end_ms).filter((end) => end > 0) : [];
  if (message.type !== 'commit' || ends.length === 0) return lag;
  const waited = ends.reduce((sum, end) => sum + Math.max(0, message.heard_ms - end), 0) / ends.length;
  return { ...lag, waitMs: lag.waitMs === null ? waited : lag.waitMs + weight * (waited - lag.waitMs) };
}

/** The lag for people; nothing while it is not known. */
export function lagText({ waitMs, behindMs }: Lag): string {
  if (waitMs === null && behindMs < 1000) return '';
  const whole = ((waitMs ?? 0) + behindMs) / 1000;
  return `${whole < 9.95 ? whole.toFixed(1) : Math.round(whole)} s behind the voice`;
}
