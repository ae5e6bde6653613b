// What the speaking page knows, and how events change it. Pure: a state is never written, an event gives a new one.

import { type Captions, captionOf, changed, withoutTails } from '../captions';
import { type Lag, lagAfter, noLag } from '../lag';
import { common, firstTargets } from '../languages';
import type { Hello, Message } from '../wire';

/** What went wrong, and what to do. */
export type Fault = { message: string; hint?: string };

/**
 * reaching    looking for the server
 * idle        nothing runs
 * connecting  a voice was asked for
 * listening   it is heard
 * returning   the connection was lost, and is being made again
 * finishing   the voice has ended, the server says what is left
 * ended       everything has been said
 * fault       something went wrong; fault says what
 */
export type Phase = 'reaching' | 'idle' | 'connecting' | 'listening' | 'returning' | 'finishing' | 'ended' | 'fault';

export type State = Readonly<{
  phase: Phase;
  model: string;
  description: string;
  sources: readonly string[];
  targets: readonly string[];
  maxTargets: number;
  source: string;
  chosen: readonly string[];
  latency: string; // fast, balanced or quality
  room: string;
  durable: boolean | null; // whether what is said outlives the server; null: not known
  paused: boolean;
  via: string; // how the sound goes: '', WebRTC or WebSocket
  voice: number; // voices so far
  captions: Captions;
  lag: Lag;
  fault: Fault | null;
}>;

export const initial: State = Object.freeze({
  phase: 'reaching',
  model: '',
  description: '',
  sources: [],
  targets: [],
  maxTargets: Infinity,
  source: '',
  chosen: [],
  latency: 'balanced',
  room: '',
  durable: null,
  paused: false,
  via: '',
  voice: 0,
  captions: {},
  lag: noLag,
  fault: null,
});

/** What happens on the page, beside the server's messages. */
export type Event =
  | { type: 'unreachable'; fault: Fault }
  | { type: 'source'; source: string }
  | { type: 'target'; target: string; on: boolean }
  | { type: 'latency'; latency: string }
  | { type: 'room'; room: string }
  | { type: 'begin' }
  | { type: 'via'; via: string }
  | { type: 'pause'; paused: boolean }
  | { type: 'away'; fault: Fault }
  | { type: 'stop' }
  | { type: 'fault'; fault: Fault }
  | { type: 'clear' };

/** Whether a voice is under way. */
export const running = ({ phase }: State): boolean => ['connecting', 'listening', 'returning', 'finishing'].includes(phase);

/** Whether a voice may begin. */
export const able = (state: State): boolean => !running(state) && state.chosen.length > 0 && roomError(state.room) === '';

/** Whether languages may be chosen or dropped: a voice that is heard is told. */
export const choosing = (state: State): boolean => !running(state) || state.phase === 'listening';

/** What is wrong with a room's name; nothing for a good one. */
export const roomError = (room: string): string => (/^[a-z0-9-]{1,64}$/.test(room) ? '' : 'A room is named by 1 to 64 of the characters a-z, 0-9 and -.');

/** The languages that have a place on the page, always in one order: those chosen, and those with text. */
export function shown(state: State): string[] {
  const written = Object.keys(state.captions).filter((code) => captionOf(state.captions, code).paragraphs.length > 0);
  const all = new Set([...state.chosen, ...written]);
  return [...new Set([...state.targets, ...written])].filter((code) => all.has(code));
}

/** The state after an event: a server's message, or something that happened here. */
export function next(state: State, event: Event | Message): State {
  switch (event.type) {
    case 'hello':
      return meet(state, event);
    case 'unreachable':
      return { ...state, phase: 'reaching', fault: event.fault };
    case 'source':
      return state.sources.includes(event.source) ? { ...state, source: event.source } : state;
    case 'target':
      return withTarget(state, event.target, event.on);
    case 'latency':
      return { ...state, latency: event.latency };
    case 'room':
      return { ...state, room: event.room, durable: null };
    case 'begin':
      return { ...unsaid(state), phase: 'connecting', voice: state.voice + 1, paused: false, lag: noLag, fault: null };
    case 'via':
      return { ...state, via: event.via };
    case 'started':
      return running(state) ? { ...state, phase: 'listening', durable: event.room?.durable ?? null, fault: null } : state;
    case 'pause':
      return { ...state, paused: event.paused };
    case 'away':
      return { ...unsaid(state), phase: 'returning', voice: state.voice + 1, fault: event.fault, lag: noLag };
    case 'refused':
    case 'warning':
      return { ...state, fault: { message: event.message, hint: 'hint' in event ? event.hint : '' } };
    case 'stop':
      return { ...state, phase: 'finishing', paused: false };
    case 'ended':
      return { ...unsaid(state), phase: 'ended', paused: false };
    case 'fault':
      return { ...unsaid(state), phase: 'fault', paused: false, fault: event.fault };
    case 'clear':
      return { ...state, captions: {}, fault: null, phase: running(state) ? state.phase : 'idle' };
    default:
      return { ...state, captions: changed(state.captions, event, state.voice), lag: lagAfter(state.lag, event) };
  }
}

/** Learns what the server's model can do. Choices that are still possible stay. */
function meet(state: State, { model, description = '', sources, targets, max_targets: maxTargets = Infinity }: Hello): State {
  const known = { ...state, model, description, maxTargets, sources: sources ?? common, targets: targets ?? common };
  const source = known.sources.includes(state.source) ? state.source : preferred(known.sources);
  const found = state.phase === 'reaching' ? ({ phase: 'idle', fault: null } as const) : {};
  const met = { ...known, source, ...found };
  const chosen = known.targets.filter((code) => state.chosen.includes(code));
  return { ...met, chosen: chosen.length > 0 ? chosen.slice(0, maxTargets) : suggested(met) };
}

/** The example is Spanish, so Spanish comes first where it is known. */
const preferred = (sources: readonly string[]): string => (sources.includes('es') ? 'es' : (sources[0] ?? ''));

/** Translations before a transcript. */
function suggested({ targets, source, maxTargets }: State): string[] {
  const foreign = targets.filter((code) => code !== source);
  return (foreign.length > 0 ? foreign : targets).slice(0, Math.min(firstTargets, maxTargets));
}

/** A voice that is heard keeps one language at least, and no model writes more than it can. */
function withTarget(state: State, target: string, on: boolean): State {
  const chosen = state.targets.filter((code) => (code === target ? on : state.chosen.includes(code)));
  if (running(state) && (chosen.length === 0 || !choosing(state))) return state;
  if (chosen.length <= state.maxTargets) return { ...state, chosen };
  return { ...state, fault: { message: `The server writes ${state.maxTargets} languages at a time.`, hint: 'Leave one out first.' } };
}

const unsaid = (state: State): State => ({ ...state, captions: withoutTails(state.captions) });
