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
 * captions per language: paragraphs, whose words stay, each {voice, segment, open, words}, and the tentative tail
 *          {segment, text}, which is replaced as a whole; a word is {text, start_ms, end_ms, evidence}
 */
export const initial = Object.freeze({
  phase: 'reaching',
  model: '',
  description: '',
  sources: [],
  targets: [],
  source: '',
  chosen: [],
  latency: 'balanced', // or fast, quality
  voice: 0, // voices so far
  captions: {},
  fault: null, // {message, hint}
});

const empty = { paragraphs: [], tail: null };

/** Whether a voice is under way. */
export const running = (state) => ['connecting', 'listening', 'finishing'].includes(state.phase);

/** Whether a voice may begin. */
export const able = (state) => !running(state) && state.chosen.length > 0;

/** Whether a language may be chosen or dropped: a voice that is heard is told. */
export const choosing = (state) => !running(state) || state.phase === 'listening';

/** The languages that have a place on the page, always in one order: those chosen, and those with text. */
export function shown(state) {
  const written = Object.keys(state.captions).filter((code) => state.captions[code].paragraphs.length > 0);
  const all = new Set([...state.chosen, ...written]);
  return [...new Set([...state.targets, ...written])].filter((code) => all.has(code));
}

/** The captions of one language. */
export const captionsOf = (state, code) => state.captions[code] ?? empty;

/** Returns the state after an event: a server's message, or something that happened here. */
export function next(state, event) {
  switch (event.type) {
    case 'hello':
      return meet(state, event);
    case 'unreachable':
      return { ...state, phase: 'reaching', fault: { message: event.message, hint: event.hint } };
    case 'source':
      return withSource(state, event.source);
    case 'target':
      return withTarget(state, event);
    case 'latency':
      return { ...state, latency: event.latency };
    case 'begin':
      return { ...withoutTails(state), phase: 'connecting', voice: state.voice + 1, fault: null };
    case 'started':
      return state.phase === 'connecting' ? { ...state, phase: 'listening' } : state;
    case 'draft':
      return withCaption(state, event.language, ({ paragraphs }) => ({
        paragraphs,
        tail: event.text === '' ? null : { segment: event.segment, text: event.text },
      }));
    case 'commit':
      return withCaption(state, event.language, ({ paragraphs }) => ({ paragraphs: grown(paragraphs, state.voice, event), tail: null }));
    case 'end':
      return withCaption(state, event.language, ({ paragraphs }) => ({
        paragraphs: paragraphs.map((p) => (goesOn(p, state.voice, event.segment) ? { ...p, open: false } : p)),
        tail: null,
      }));
    case 'refused':
      return { ...state, fault: { message: event.message, hint: event.hint ?? '' } };
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

/** A voice that is heard keeps one language at least. */
function withTarget(state, { target, on }) {
  const chosen = state.targets.filter((code) => (code === target ? on : state.chosen.includes(code)));
  return running(state) && (chosen.length === 0 || !choosing(state)) ? state : { ...state, chosen };
}

/** Whether the words of a segment go into a paragraph. */
export const goesOn = (paragraph, voice, segment) => Boolean(paragraph?.open && paragraph.voice === voice && paragraph.segment === segment);

/** Appends committed words to the segment's paragraph, or begins one. */
function grown(paragraphs, voice, { segment, words }) {
  const last = paragraphs.at(-1);
  if (!goesOn(last, voice, segment)) return [...paragraphs, { voice, segment, open: true, words }];
  return [...paragraphs.slice(0, -1), { ...last, words: [...last.words, ...words] }];
}

const withSource = (state, source) => (state.sources.includes(source) ? { ...state, source } : state);

function withCaption(state, code, change) {
  return { ...state, captions: { ...state.captions, [code]: change(captionsOf(state, code)) } };
}

function withoutTails(state) {
  const captions = Object.entries(state.captions).map(([code, c]) => [code, { ...c, tail: null }]);
  return { ...state, captions: Object.fromEntries(captions) };
}
