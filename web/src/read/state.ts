// What the reading page knows, and how events change it. Pure: a state is never written, an event gives a new one.

import { captionOf, type Captions, changed, joined, withoutTails } from '../captions';
import { type Lag, lagAfter, noLag } from '../lag';
import { find, type Hit } from '../search';
import type { Message } from '../wire';
import type { Link } from './feed';

/** How a person wants to read. */
export type Look = Readonly<{ size: number; theme: 'auto' | 'light' | 'dark'; contrast: boolean }>;

export type State = Readonly<{
  room: string;
  link: Link;
  why: string; // the connection is not live
  sinceMs: number; // Unix, since when it is not
  captions: Captions;
  hidden: readonly string[]; // languages the reader left out
  more: boolean; // older text is to be had
  loading: boolean; // and is being fetched
  lag: Lag;
  query: string;
  hits: readonly Hit[];
  hit: number; // the one that is looked at
  look: Look;
}>;

export const sizes = [16, 18, 21, 25, 30, 37, 46]; // pixels

export const usual: Look = { size: 2, theme: 'auto', contrast: false };

export const initial: State = Object.freeze({
  room: '',
  link: 'reaching',
  why: '',
  sinceMs: 0,
  captions: {},
  hidden: [],
  more: false,
  loading: false,
  lag: noLag,
  query: '',
  hits: [],
  hit: 0,
  look: usual,
});

export type Event =
  | { type: 'link'; link: Link; why: string; nowMs: number }
  | { type: 'restart' }
  | { type: 'history'; events: readonly Message[]; more: boolean }
  | { type: 'loading' }
  | { type: 'hide'; language: string; hidden: boolean }
  | { type: 'search'; query: string }
  | { type: 'step'; by: number }
  | { type: 'look'; look: Partial<Look> };

/** The languages there are, in the order in which they came. */
export const languagesOf = ({ captions }: State): string[] => Object.keys(captions);

/** The languages that are shown: one at least, where there is one. */
export function shown(state: State): string[] {
  const all = languagesOf(state);
  const left = all.filter((code) => !state.hidden.includes(code));
  return left.length > 0 ? left : all.slice(0, 1);
}

/** The state after an event: a room's message, or something that happened here. */
export function next(state: State, event: Event | Message): State {
  switch (event.type) {
    case 'link':
      return withLink(state, event);
    case 'restart':
      return { ...state, captions: {}, more: false, lag: noLag, hits: [], hit: 0 };
    case 'history': {
      const older = event.events.reduce<Captions>((captions, message) => changed(captions, message), {});
      return found({ ...state, captions: joined(older, state.captions), more: event.more, loading: false }, true);
    }
    case 'loading':
      return { ...state, loading: true };
    case 'hide':
      return found({ ...state, hidden: [...state.hidden.filter((code) => code !== event.language), ...(event.hidden ? [event.language] : [])] });
    case 'search':
      return found({ ...state, query: event.query, hit: 0 });
    case 'step':
      return state.hits.length === 0 ? state : { ...state, hit: (state.hit + event.by + state.hits.length) % state.hits.length };
    case 'look':
      return { ...state, look: looked({ ...state.look, ...event.look }) };
    default: {
      const next = { ...state, captions: changed(state.captions, event), lag: lagAfter(state.lag, event) };
      return event.type === 'commit' || event.type === 'screen' ? found(next, true) : next;
    }
  }
}

/** Nothing is tentative while nobody tells how it goes on. */
function withLink(state: State, { link, why, nowMs }: Extract<Event, { type: 'link' }>): State {
  if (link === 'live') return { ...state, link, why: '', sinceMs: 0 };
  return { ...state, link, why, sinceMs: state.sinceMs || nowMs, captions: withoutTails(state.captions), lag: noLag };
}

/** Searches anew. The hit that is looked at stays the same one where it is still there. */
function found(state: State, keep = false): State {
  if (state.query === '' && state.hits.length === 0) return state;
  const hits = find(state.captions, shown(state), state.query);
  const at = keep ? state.hits[state.hit] : undefined;
  const same = at ? hits.findIndex((h) => h.key === at.key && h.from === at.from && h.language === at.language) : -1;
  return { ...state, hits, hit: same >= 0 ? same : Math.max(0, Math.min(state.hit, hits.length - 1)) };
}

const looked = (look: Look): Look => ({ ...look, size: Math.max(0, Math.min(sizes.length - 1, look.size)) });

/** Whether there is anything to read. */
export const empty = (state: State): boolean => languagesOf(state).every((code) => captionOf(state.captions, code).paragraphs.length === 0);
