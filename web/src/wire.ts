// The messages of the daemon; transport/wire/PROTOCOL.md says when each is sent. Voices and readers of rooms get the
// same captions, those of rooms with the voice and their number.

export type Word = { text: string; start_ms: number; end_ms: number; evidence: number };
type Place = { voice?: number; segment: number; language: string };

/** What a room's events have that stay: their number, and when they came, in Unix milliseconds. */
type Mark = { epoch?: number; seq?: number; time_ms?: number; voice?: number };

export type Commit = { type: 'commit'; text: string; words: Word[]; heard_ms: number } & Place & Mark;
type Draft = { type: 'draft'; text: string; heard_ms: number } & Place;
export type End = { type: 'end'; heard_ms: number } & Place & Mark;
type Gap = { type: 'gap'; lost_ms: number; heard_ms: number; cause?: string } & Mark;
type Piece = { voice: number; segment: number; language: string; text: string; ended: boolean };
type Answer = { code: string; message: string; hint?: string; retry_ms?: number };
export type Hello = {
  type: 'hello';
  model: string;
  description?: string;
  sources?: string[];
  targets?: string[];
  max_targets?: number;
};

export type Message =
  | Hello
  | { type: 'started'; room?: { id: string; durable: boolean } }
  | Commit
  | Draft
  | End
  | Gap
  | { type: 'heard'; heard_ms: number }
  | { type: 'lag'; behind_ms: number; level?: string | number }
  | ({ type: 'refused' } & Answer)
  | { type: 'warning'; code: string; message: string }
  | { type: 'ended' }
  | ({ type: 'error' } & Answer)
  | { type: 'screen'; segments: Piece[]; drafts: (Place & { text: string })[]; epoch?: number; seq?: number }
  | { type: 'passed'; epoch: number; seq: number }
  | ({ type: 'joined' | 'left'; note?: string } & Mark)
  | { type: 'reset'; why: string };

type Shape = { [field: string]: 'string' | 'number' | 'boolean' | Shape[] };

const word: Shape = { text: 'string', start_ms: 'number', end_ms: 'number', evidence: 'number' };
const place: Shape = { segment: 'number', language: 'string', heard_ms: 'number' };
const answer: Shape = { code: 'string', message: 'string' };
const piece: Shape = { voice: 'number', segment: 'number', language: 'string', text: 'string' };

const shapes: Record<Message['type'], Shape> = {
  hello: { model: 'string' },
  started: {},
  commit: { ...place, text: 'string', words: [word] },
  draft: { ...place, text: 'string' },
  end: place,
  gap: { lost_ms: 'number', heard_ms: 'number' },
  heard: { heard_ms: 'number' },
  lag: { behind_ms: 'number' },
  refused: answer,
  warning: answer,
  ended: {},
  error: answer,
  screen: { segments: [{ ...piece, ended: 'boolean' }], drafts: [piece] },
  passed: { epoch: 'number', seq: 'number' },
  joined: { voice: 'number' },
  left: { voice: 'number' },
  reset: { why: 'string' },
};

/** Reads a server's message; null for a type this page passes over. Throws on what is no message. */
export function parse(text: string): Message | null {
  const message = JSON.parse(text);
  if (typeof message?.type !== 'string') throw new Error('a message without type');
  if (!Object.hasOwn(shapes, message.type)) return null;
  check(message, shapes[message.type as Message['type']], message.type);
  return message;
}

/** The same for readers of a room, who go on behind what is broken. */
export function parsed(text: string): Message | null {
  try {
    return parse(text);
  } catch {
    return null;
  }
}

function check(value: any, shape: Shape, what: string): void {
  for (const [field, type] of Object.entries(shape)) {
    if (typeof type === 'string') {
      if (typeof value?.[field] !== type) throw new Error(`a ${what} without ${field}`);
      continue;
    }
    if (!Array.isArray(value?.[field])) throw new Error(`a ${what} without ${field}`);
    for (const element of value[field]) check(element, type[0]!, `${what} of ${field}`);
  }
}

export type Start = {
  source: string;
  targets: string[];
  transcribe?: boolean;
  format?: string;
  rate?: number;
  channels?: number;
  latency?: string;
  room?: string;
  name?: string;
  live?: boolean;
};

/** The message that begins a voice; what is not named takes the protocol's default. */
export const start = ({ source, targets, transcribe, format, rate, channels, latency, room, name, live }: Start): string =>
  JSON.stringify({ type: 'start', source, targets, transcribe, format, rate, channels, latency, room, name, live });

/** The message that changes the languages in mid-voice. */
export const set = ({ targets, transcribe }: { targets?: string[]; transcribe?: boolean }): string =>
  JSON.stringify({ type: 'set', targets, transcribe });

/** The message that asks for all that was heard so far. */
export const flush = (): string => JSON.stringify({ type: 'flush' });

/** The message that ends a voice. */
export const stop = (): string => JSON.stringify({ type: 'stop' });

/** Whether a client may come back after a close with this code. */
export const comesBack = (code: number): boolean => ![1000, 1002, 1007, 1008, 1009].includes(code) && !(code >= 4450 && code < 4500);

/** The server speaks in clauses; on a page they stand as sentences. */
export function sentence(clause = ''): string {
  if (clause === '') return '';
  const text = clause[0]!.toUpperCase() + clause.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
