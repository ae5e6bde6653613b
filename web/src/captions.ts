// Captions as they stand on a page, and how messages change them. Everything here is pure: captions are never written,
// a message gives new ones.

import type { Commit, Message, Word } from './wire';

/**
 * A paragraph is what a voice says of a segment until somebody else speaks: its words stay, and more are appended while it
 * is open. note stands in the place of words: what was lost there.
 */
export type Paragraph = {
  key: string; // its own for as long as it is on the page
  voice: number;
  segment: number;
  open: boolean;
  words: readonly Word[];
  timeMs?: number; // Unix, of its first word
  note?: string;
};

/** The tentative text behind a segment's words, replaced as a whole. */
export type Tail = { voice: number; segment: number; text: string };

export type Caption = { paragraphs: readonly Paragraph[]; tails: readonly Tail[] };

/** Captions by language code, in the order in which they came. */
export type Captions = Readonly<Record<string, Caption>>;

const empty: Caption = { paragraphs: [], tails: [] };
const most = 3000; // paragraphs of a language that a page keeps

export const captionOf = (captions: Captions, code: string): Caption => captions[code] ?? empty;

/** Whether words of a segment go into a paragraph. */
const goesOn = (paragraph: Paragraph | undefined, voice: number, segment: number): boolean =>
  Boolean(paragraph?.open && paragraph.voice === voice && paragraph.segment === segment && paragraph.note === undefined);

/** The captions after a message. One without a voice is of the voice that is given. */
export function changed(captions: Captions, message: Message, ownVoice = 0): Captions {
  const voice = ('voice' in message ? message.voice : undefined) ?? ownVoice;
  switch (message.type) {
    case 'commit':
      return put(captions, message.language, (c) => ({ paragraphs: grown(c.paragraphs, voice, message), tails: others(c.tails, voice) }));
    case 'draft':
      return put(captions, message.language, (c) => ({
        ...c,
        tails: message.text === '' ? others(c.tails, voice) : [...others(c.tails, voice), { voice, segment: message.segment, text: message.text }],
      }));
    case 'end':
      return put(captions, message.language, (c) => ({
        paragraphs: c.paragraphs.map((p) => (goesOn(p, voice, message.segment) ? { ...p, open: false } : p)),
        tails: others(c.tails, voice),
      }));
    case 'left':
      return each(captions, (c) => ({ ...c, tails: others(c.tails, voice) }));
    case 'gap':
      return withNote(captions, voice, `${seconds(message.lost_ms)} of sound lost`, keyOf(message, voice, message.heard_ms));
    case 'reset':
      return withoutTails(captions);
    case 'screen':
      return screen(message);
    default:
      return captions;
  }
}

/** Captions in which nothing is tentative any more. */
export const withoutTails = (captions: Captions): Captions => each(captions, (c) => (c.tails.length > 0 ? { ...c, tails: [] } : c));

/** Captions of older events in front of captions that have their continuation. */
export function joined(older: Captions, newer: Captions): Captions {
  const codes = new Set([...Object.keys(newer), ...Object.keys(older)]);
  return Object.fromEntries([...codes].map((code) => [code, behind(captionOf(older, code), captionOf(newer, code))]));
}

/** What goes on is the last paragraph alone. */
function behind(older: Caption, newer: Caption): Caption {
  if (newer.paragraphs.length === 0) return { ...older, tails: newer.tails };
  return { ...newer, paragraphs: [...older.paragraphs.map((p) => ({ ...p, open: false })), ...newer.paragraphs] };
}

/** A paragraph's text. */
export const textOf = (p: Paragraph): string => p.note !== undefined ? `[${p.note}]` : p.words.map(({ text }) => text).join('').trim();

/** A language's committed text, a paragraph a line. */
export const plainText = (caption: Caption): string => caption.paragraphs.map(textOf).join('\n');

/** Where a tail stands: in the last paragraph, whose words it goes on from, or below. */
export const continues = ({ paragraphs }: Caption, tail: Tail): boolean => goesOn(paragraphs.at(-1), tail.voice, tail.segment);

const nearMs = 200; // words lean on moments of 40 ms and more, and those of one syllable may differ

/** Whether two words lean on about the same sound of one voice. */
export const near = (a: Word, b: Word): boolean => Math.max(a.start_ms, b.start_ms) - Math.min(a.end_ms, b.end_ms) <= nearMs;

/** Whether it is known which sound a word leans on. */
export const placed = (word: Word): boolean => word.end_ms > 0;

/** Which stretch of sound a word leans on, for people. */
export function about({ start_ms: start, end_ms: end, evidence }: Word): string {
  const [from, to] = [start, end].map((ms) => clock(ms));
  const span = from === to ? `at ${from}` : `from ${from} to ${to}`;
  return evidence > 0 ? `${span}, evidence ${Math.round(100 * evidence)} %` : span;
}

/** A time of the voice: seconds, behind minutes where there are any. */
export function clock(ms: number): string {
  const tenths = Math.round(ms / 100);
  const minutes = Math.floor(tenths / 600);
  const rest = (tenths % 600) / 10;
  return minutes > 0 ? `${minutes}:${rest.toFixed(1).padStart(4, '0')}` : `${rest.toFixed(1)} s`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const others = (tails: readonly Tail[], voice: number): readonly Tail[] => tails.filter((t) => t.voice !== voice);

/** Every event of a room has a number of its own; those of a lone voice are told apart by what is given. */
const keyOf = ({ epoch, seq }: { epoch?: number; seq?: number }, ...otherwise: number[]): string =>
  seq === undefined ? `of ${otherwise.join('-')}` : `${epoch}-${seq}`;

/** Appends committed words to the segment's paragraph, or begins one. */
function grown(paragraphs: readonly Paragraph[], voice: number, message: Commit): readonly Paragraph[] {
  const { segment, words, time_ms: timeMs } = message;
  const last = paragraphs.at(-1);
  if (last && goesOn(last, voice, segment)) return [...paragraphs.slice(0, -1), { ...last, words: [...last.words, ...words] }];
  const kept = paragraphs.length < most ? paragraphs : paragraphs.slice(most / 10);
  const before = kept.filter((p) => p.voice === voice && p.segment === segment).length;
  return [...kept, { key: keyOf(message, voice, segment, before), voice, segment, open: true, words, timeMs }];
}

function withNote(captions: Captions, voice: number, note: string, key: string): Captions {
  return each(captions, (c) => ({
    ...c,
    paragraphs: [...c.paragraphs, { key: `gap ${key}`, voice, segment: -1, open: false, words: [], note }],
  }));
}

/** What a server shows whom comes in the middle: the last segment of every language, without the times of its words. */
function screen({ segments, drafts, epoch, seq }: Extract<Message, { type: 'screen' }>): Captions {
  let captions: Captions = {};
  segments.forEach(({ voice, segment, language, text, ended }, i) => {
    const words = (text.match(/\s*\S+/g) ?? []).map((word) => ({ text: word, start_ms: 0, end_ms: 0, evidence: 0 }));
    const paragraph = { key: `screen ${epoch}-${seq} ${i}`, voice, segment, open: !ended, words };
    captions = put(captions, language, (c) => ({ ...c, paragraphs: [...c.paragraphs, paragraph] }));
  });
  for (const { voice = 0, segment, language, text } of drafts) {
    if (text !== '') captions = put(captions, language, (c) => ({ ...c, tails: [...c.tails, { voice, segment, text }] }));
  }
  return captions;
}

const put = (captions: Captions, code: string, change: (caption: Caption) => Caption): Captions => ({
  ...captions,
  [code]: change(captionOf(captions, code)),
});

const each = (captions: Captions, change: (caption: Caption) => Caption): Captions =>
  Object.fromEntries(Object.entries(captions).map(([code, c]) => [code, change(c)]));
