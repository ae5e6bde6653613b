// What the page knows, and how events change it. Everything here is pure: a state is never written,
// an event gives a new one.

import { common, firstTargets } from './languages.mjs';

/**
 * phase    reaching    looking for the server
 *          idle        nothing runs
 *          connecting  a voice was asked for
 *          listening   it is heard
 *          finishing   it has ended, the server says what is left
 *          ended       everything has been said
 *          fault       something went wrong; fault says what
 * captions per language: lines, which stay, each {voice, segment, text}, and the tentative tail {segment, text}, which
 *          is replaced as a whole
 */
export const initial = Object.freeze({
  phase: 'reaching',
  model: '',
  description: '',
  sources: [],
  targets: [],
  source: '',
  chosen: [],
  voice: 0, // voices so far
  captions: {},
  fault: null, // {message, hint}
});

const empty = { lines: [], tail: null };

/** Whether a voice is under way. */
export const running = (state) => ['connecting', 'listening', 'finishing'].includes(state.phase);

/** Whether a voice may begin. */
export const able = (state) => !running(state) && state.chosen.length > 0;

/** The languages that have a place on the page: those chosen, and those with text. */
export function shown(state) {
  const written = Object.keys(state.captions).filter((code) => state.captions[code].lines.length > 0);
  return [...new Set([...state.chosen, ...written])];
}

/** The captions of one language. */
export const captionsOf = (state, code) => state.captions[code] ?? empty;

/** Returns the state after an event: a server's message, or something that happened here. */
export function next(state, event) {
  switch (event.type) {
    case 'ready':
      return meet(state, event);
    case 'unreachable':
      return { ...state, phase: 'reaching', fault: { message: event.message, hint: event.hint } };
    case 'source':
      return withSource(state, event.source);
    case 'target':
      return { ...state, chosen: state.targets.filter((code) => (code === event.target ? event.on : state.chosen.includes(code))) };
    case 'begin':
      return { ...withoutTails(state), phase: 'connecting', voice: state.voice + 1, fault: null };
    case 'started':
      return state.phase === 'connecting' ? { ...state, phase: 'listening' } : state;
    case 'draft':
      return withCaption(state, event.language, ({ lines }) => ({
        lines,
        tail: event.text === '' ? null : { segment: event.segment, text: event.text },
      }));
    case 'commit':
      return withCaption(state, event.language, ({ lines }) => ({
        lines: [...lines, { voice: state.voice, segment: event.segment, text: event.text }],
        tail: null,
      }));
    case 'stop':
      return { ...state, phase: 'finishing' };
    case 'ended':
      return { ...withoutTails(state), phase: 'ended' };
    case 'fault':
      return { ...withoutTails(state), phase: 'fault', fault: { message: event.message, hint: event.hint ?? '' } };
    case 'clear':
      return { ...state, captions: {}, fault: null, phase: running(state) ? state.phase : 'idle' };
    default:
      throw new Error(`state: unknown event ${event.type}`);
  }
}

/** Learns what the server's model can do. Choices that are still possible stay. */
function meet(state, { model, description = '', sources, targets }) {
  const known = { ...state, model, description, sources: sources ?? common, targets: targets ?? common };
  const source = known.sources.includes(state.source) ? state.source : preferred(known.sources);
  const found = state.phase === 'reaching' ? { phase: 'idle', fault: null } : {};
  const met = { ...known, source, ...found };
  const chosen = known.targets.filter((code) => state.chosen.includes(code));
  return { ...met, chosen: chosen.length > 0 ? chosen : suggested(met) };
}

/** The example is Spanish, so Spanish comes first where it is known. */
const preferred = (sources) => (sources.includes('es') ? 'es' : (sources[0] ?? ''));

/** Translations before a transcript. */
function suggested({ targets, source }) {
  const foreign = targets.filter((code) => code !== source);
  return (foreign.length > 0 ? foreign : targets).slice(0, firstTargets);
}

const withSource = (state, source) => (state.sources.includes(source) ? { ...state, source } : state);

function withCaption(state, code, change) {
  return { ...state, captions: { ...state.captions, [code]: change(captionsOf(state, code)) } };
}

function withoutTails(state) {
  const captions = Object.entries(state.captions).map(([code, c]) => [code, { ...c, tail: null }]);
  return { ...state, captions: Object.fromEntries(captions) };
}
