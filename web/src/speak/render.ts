// Shows the speaking page's state. Reads it, changes nothing in it; what people do is told to `on`.

import { captionOf } from '../captions';
import { type View, cards } from '../cards';
import { byId, make, once, put } from '../dom';
import { showEvidence } from '../evidence';
import { lagText } from '../lag';
import { name } from '../languages';
import { sentence } from '../wire';
import { able, choosing, type Phase, roomError, running, shown, type State } from './state';

const status: Record<Phase, string> = {
  reaching: 'Looking for the server…',
  idle: 'Ready',
  connecting: 'Connecting…',
  listening: 'Listening',
  returning: 'Connection lost; trying again…',
  finishing: 'Finishing…',
  ended: 'Ended',
  fault: 'Stopped',
};

/** What the controls say and allow in a state. */
export function controls(state: State) {
  const heard = state.phase === 'listening' || state.phase === 'returning';
  return {
    status: state.paused ? 'Paused' : status[state.phase],
    behind: state.phase === 'listening' && !state.paused ? lagText(state.lag) : '',
    listen: { connecting: 'Cancel', listening: 'Stop', returning: 'Stop', finishing: 'Stop now' }[state.phase as string] ?? 'Start',
    listenAllowed: running(state) || (state.phase !== 'reaching' && able(state)),
    pause: state.paused ? 'Go on' : 'Pause',
    pauseAllowed: heard,
    choicesAllowed: !running(state),
    targetsAllowed: choosing(state),
    kept: state.durable === null ? '' : state.durable ? 'The server keeps what is said here.' : 'What is said here is forgotten when the server stops.',
  };
}

export type Does = {
  listen(): void;
  pause(): void;
  demo(): void;
  file(file: File): void;
  clear(): void;
  source(code: string): void;
  target(code: string, on: boolean): void;
  latency(latency: string): void;
  room(room: string): void;
};

/** Prepares the page and returns a function that shows a state. */
export function mount(on: Does): (state: State) => void {
  byId('listen').onclick = on.listen;
  byId('pause').onclick = on.pause;
  byId('demo').onclick = on.demo;
  const file = byId<HTMLInputElement>('file');
  byId('open').onclick = () => file.click();
  file.onchange = () => {
    if (file.files?.[0]) on.file(file.files[0]);
    file.value = '';
  };
  byId('clear').onclick = on.clear;
  const source = byId<HTMLSelectElement>('source');
  source.onchange = () => on.source(source.value);
  byId('latency').onchange = ({ target }) => on.latency((target as HTMLInputElement).value);
  const room = byId<HTMLInputElement>('room');
  room.oninput = () => on.room(room.value.trim().toLowerCase());
  showEvidence(byId('captions'), byId('evidence'));
  const showCards = cards(byId('captions'));
  return (state) => {
    showControls(state);
    showFault(state);
    once(source, state.sources.join(), () => state.sources.map((code) => make('option', { value: code }, name(code))));
    source.value = state.source;
    showTargets(byId('targets'), state, on.target);
    for (const choice of byId('latency').querySelectorAll('input')) choice.checked = choice.value === state.latency;
    if (room.value.trim().toLowerCase() !== state.room) room.value = state.room;
    showCards(viewOf(state));
  };
}

const viewOf = (state: State): View => ({ codes: shown(state), captions: state.captions, source: state.source, spoken: state.phase === 'listening' });

function showControls(state: State): void {
  const now = controls(state);
  document.body.dataset.phase = state.phase;
  document.body.dataset.via = state.via;
  put(byId('status'), now.status);
  put(byId('behind'), now.behind);
  put(byId('listen-label'), now.listen);
  put(byId('pause'), now.pause);
  put(byId('kept'), now.kept);
  disable('listen', !now.listenAllowed);
  byId('pause').hidden = !now.pauseAllowed;
  for (const id of ['demo', 'open']) {
    byId(id).hidden = running(state);
    disable(id, !now.listenAllowed);
  }
  for (const id of ['hear', 'latency', 'named']) disable(id, !now.choicesAllowed);
  disable('write', !now.targetsAllowed);
  put(byId('model'), sentence(state.description || (state.model && `the model is ${state.model}`)));
  byId('clear').hidden = !shown(state).some((code) => captionOf(state.captions, code).paragraphs.length > 0);
  byId('welcome').hidden = running(state) || !byId('clear').hidden;
}

const disable = (id: string, on: boolean): void => void (byId<HTMLButtonElement>(id).disabled = on);

function showFault(state: State): void {
  const fault = roomError(state.room) ? { message: roomError(state.room), hint: '' } : state.fault;
  const element = byId('fault');
  element.hidden = !fault;
  put(element.querySelector('strong')!, sentence(fault?.message));
  put(element.querySelector('span')!, sentence(fault?.hint));
}

function showTargets(list: HTMLElement, { targets, source, chosen }: State, onTarget: Does['target']): void {
  once(list, [source, ...targets].join(), () => targets.map((code) => chip(code, code === source ? `${name(code)}, as spoken` : name(code), (on) => onTarget(code, on))));
  for (const box of list.querySelectorAll('input')) box.checked = chosen.includes(box.value);
}

/** A box to tick, as a chip. */
export function chip(value: string, label: string, change: (on: boolean) => void): HTMLElement {
  const box = make('input', { type: 'checkbox', value });
  box.onchange = () => change(box.checked);
  return make('label', { className: 'chip' }, box, make('span', {}, label));
}
