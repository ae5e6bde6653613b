// Shows a state. Reads it, changes nothing in it; what people do is told to `on`.

import { name } from './languages.mjs';
import { able, captionsOf, running, shown } from './state.mjs';
import { sentence } from './wire.mjs';

const status = {
  reaching: 'Looking for the server…',
  idle: 'Ready',
  connecting: 'Connecting…',
  listening: 'Listening',
  finishing: 'Finishing…',
  ended: 'Ended',
  fault: 'Stopped',
};

/** What the controls say and allow in a state. */
export function controls(state) {
  return {
    status: status[state.phase],
    listen: { connecting: 'Cancel', listening: 'Stop', finishing: 'Stop now' }[state.phase] ?? 'Listen',
    listenAllowed: running(state) || able(state),
    othersAllowed: able(state),
    choicesAllowed: !running(state),
  };
}

/** Lines of one stretch of speech belong together: [{key, texts}], oldest first. */
export function paragraphs(lines) {
  const all = [];
  for (const { voice, segment, text } of lines) {
    const key = `${voice}.${segment}`;
    if (all.at(-1)?.key === key) all.at(-1).texts.push(text);
    else all.push({ key, texts: [text] });
  }
  return all;
}

/** A language's committed text, a paragraph a line. */
export const plainText = (lines) => paragraphs(lines).map(({ texts }) => texts.join(' ')).join('\n');

/** Whether the tail goes on where the last line ends. */
export function continues({ lines, tail }, voice) {
  const last = lines.at(-1);
  return Boolean(tail && last && last.voice === voice && last.segment === tail.segment);
}

/** Prepares the page and returns a function that shows a state. */
export function mount(document, on) {
  const get = (id) => document.getElementById(id);
  const cards = new Map(); // language → its card
  get('listen').onclick = on.listen;
  get('demo').onclick = on.demo;
  get('open').onclick = () => get('file').click();
  get('file').onchange = ({ target }) => {
    if (target.files.length > 0) on.file(target.files[0]);
    target.value = '';
  };
  get('clear').onclick = on.clear;
  get('source').onchange = ({ target }) => on.source(target.value);

  return (state) => {
    const now = controls(state);
    document.body.dataset.phase = state.phase;
    put(get('status'), now.status);
    put(get('listen-label'), now.listen);
    get('listen').disabled = !now.listenAllowed;
    get('demo').disabled = get('open').disabled = !now.othersAllowed;
    get('choices').disabled = !now.choicesAllowed;
    put(get('model'), sentence(state.description || (state.model && `the model is ${state.model}`)));
    showFault(get('fault'), state.fault);
    showSources(get('source'), state);
    showTargets(get('targets'), state, on.target);
    showCards(get('captions'), cards, state);
    get('clear').hidden = !shown(state).some((code) => captionsOf(state, code).lines.length > 0);
    get('welcome').hidden = running(state) || !get('clear').hidden;
  };
}

/** Writes text only where it differs: what has not changed is not read aloud again. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(document, tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function showFault(element, fault) {
  element.hidden = !fault;
  put(element.querySelector('strong'), fault?.message ?? '');
  put(element.querySelector('span'), fault?.hint ?? '');
}

function showSources(select, { sources, source }) {
  const key = sources.join();
  if (select.dataset.shows !== key) {
    select.dataset.shows = key;
    select.replaceChildren(...sources.map((code) => make(select.ownerDocument, 'option', { value: code, textContent: name(code) })));
  }
  select.value = source;
}

function showTargets(list, { targets, source, chosen }, onTarget) {
  const key = [source, ...targets].join();
  if (list.dataset.shows !== key) {
    list.dataset.shows = key;
    list.replaceChildren(...targets.map((code) => chip(list.ownerDocument, code, source, onTarget)));
  }
  for (const box of list.querySelectorAll('input')) box.checked = chosen.includes(box.value);
}

function chip(document, code, source, onTarget) {
  const box = make(document, 'input', { type: 'checkbox', value: code });
  box.onchange = () => onTarget(code, box.checked);
  const label = code === source ? `${name(code)}, as spoken` : name(code);
  return make(document, 'label', { className: 'chip' }, box, make(document, 'span', { textContent: label }));
}

function showCards(list, cards, state) {
  const codes = shown(state);
  for (const [code, card] of cards) {
    if (codes.includes(code)) continue;
    card.element.remove();
    cards.delete(code);
  }
  codes.forEach((code, place) => {
    if (!cards.has(code)) cards.set(code, makeCard(list.ownerDocument, code));
    const card = cards.get(code);
    if (list.children[place] !== card.element) list.insertBefore(card.element, list.children[place] ?? null);
    showCaptions(card, captionsOf(state, code), state.voice);
  });
}

/** Only what is committed is in the live region: the tail would be read aloud again and again. */
function makeCard(document, code) {
  const title = make(document, 'h2', { id: `name-${code}`, textContent: name(code) });
  const lines = make(document, 'div', { className: 'lines', ariaLive: 'polite', ariaAtomic: 'false' });
  const tail = make(document, 'span', { className: 'tail', ariaHidden: 'true' });
  const text = make(document, 'div', { className: 'text', lang: code, dir: 'auto', tabIndex: 0, role: 'region' }, lines, tail);
  text.setAttribute('aria-labelledby', title.id);
  const card = { lines, tail, text, count: 0 };
  const copy = make(document, 'button', { type: 'button', className: 'copy', textContent: 'Copy', ariaLabel: `Copy ${name(code)}` });
  copy.onclick = () => document.defaultView.navigator.clipboard?.writeText(card.plain).then(() => flash(copy));
  return Object.assign(card, { copy, element: make(document, 'article', {}, make(document, 'header', {}, title, copy), text) });
}

function flash(button) {
  button.textContent = 'Copied';
  setTimeout(() => (button.textContent = 'Copy'), 1500);
}

/** Lines are only ever added, so those on the page stay as they are. */
function showCaptions(card, caption, voice) {
  const { lines, tail, text } = card;
  const atEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 40;
  if (caption.lines.length < card.count) {
    lines.replaceChildren();
    card.count = 0;
  }
  for (const line of caption.lines.slice(card.count)) addLine(lines, line);
  card.count = caption.lines.length;
  card.plain = plainText(caption.lines);
  card.copy.hidden = card.count === 0;
  put(tail, caption.tail?.text ?? '');
  text.classList.toggle('continues', continues(caption, voice));
  if (atEnd) text.scrollTop = text.scrollHeight;
}

function addLine(lines, { voice, segment, text }) {
  const key = `${voice}.${segment}`;
  const last = lines.lastElementChild;
  if (last?.dataset.key === key) last.append(` ${text}`);
  else lines.append(make(lines.ownerDocument, 'p', { textContent: text }));
  lines.lastElementChild.dataset.key = key;
}
