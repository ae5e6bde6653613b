// Shows a state. Reads it, changes nothing in it; what people do is told to `on`.

import { name } from './languages.mjs';
import { able, captionsOf, choosing, goesOn, running, shown } from './state.mjs';
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
    targetsAllowed: choosing(state),
  };
}

/** A language's committed text, a paragraph a line. */
export const plainText = (paragraphs) => paragraphs.map(({ words }) => words.map(({ text }) => text).join('').trim()).join('\n');

/** Whether the tail goes on where the last paragraph ends. */
export const continues = ({ paragraphs, tail }, voice) => tail !== null && goesOn(paragraphs.at(-1), voice, tail.segment);

/** Which stretch of sound a word leans on, for people. */
export function about({ start_ms: start, end_ms: end, evidence }) {
  const [from, to] = [start, end].map((ms) => (ms / 1000).toFixed(1));
  const span = from === to ? `at ${from} s` : `${from} to ${to} s`;
  return evidence > 0 ? `${span}, evidence ${Math.round(100 * evidence)} %` : span;
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
  get('latency').onchange = ({ target }) => on.latency(target.value);
  tellAboutWords(get('captions'), get('about'));

  return (state) => {
    const now = controls(state);
    document.body.dataset.phase = state.phase;
    put(get('status'), now.status);
    put(get('listen-label'), now.listen);
    get('listen').disabled = !now.listenAllowed;
    get('demo').disabled = get('open').disabled = !now.othersAllowed;
    get('hear').disabled = get('latency').disabled = !now.choicesAllowed;
    get('write').disabled = !now.targetsAllowed;
    put(get('model'), sentence(state.description || (state.model && `the model is ${state.model}`)));
    showFault(get('fault'), state.fault);
    showSources(get('source'), state);
    showTargets(get('targets'), state, on.target);
    for (const choice of get('latency').querySelectorAll('input')) choice.checked = choice.value === state.latency;
    showCards(get('captions'), cards, state);
    get('clear').hidden = !shown(state).some((code) => captionsOf(state, code).paragraphs.length > 0);
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

/** The tail is kept from readers of screens: it would be read aloud again and again. */
function makeCard(document, code) {
  const title = make(document, 'h2', { id: `name-${code}`, textContent: name(code) });
  const lines = make(document, 'div', { className: 'lines', ariaLive: 'polite', ariaAtomic: 'false' });
  const tail = make(document, 'span', { className: 'tail', ariaHidden: 'true' });
  const next = make(document, 'p', { className: 'next' }, tail); // holds the tail until its paragraph begins
  const text = make(document, 'div', { className: 'text', lang: code, dir: 'auto', tabIndex: 0, role: 'region' }, lines, next);
  // Only people turn following off: a card that gets smaller does not.
  text.onscroll = () => (card.follows = text.scrollHeight - text.scrollTop - text.clientHeight < 40);
  text.setAttribute('aria-labelledby', title.id);
  const card = { lines, next, tail, text, caption: null, paragraphs: 0, words: 0, follows: true }; // words of the last paragraph
  const copy = make(document, 'button', { type: 'button', className: 'copy', textContent: 'Copy', ariaLabel: `Copy ${name(code)}` });
  copy.onclick = () => document.defaultView.navigator.clipboard?.writeText(plainText(card.caption.paragraphs)).then(() => flash(copy));
  return Object.assign(card, { copy, element: make(document, 'article', {}, make(document, 'header', {}, title, copy), text) });
}

function flash(button) {
  button.textContent = 'Copied';
  setTimeout(() => (button.textContent = 'Copy'), 1500);
}

/** Words are only ever added, so those on the page stay where they are. */
function showCaptions(card, caption, voice) {
  if (card.caption === caption && card.voice === voice) return;
  const { lines, next, tail, text } = card;
  if (caption.paragraphs.length < card.paragraphs) {
    next.append(tail);
    lines.replaceChildren();
    card.paragraphs = 0;
  }
  caption.paragraphs.slice(Math.max(0, card.paragraphs - 1)).forEach(({ words }, i) => addWords(card, words, i > 0 || card.paragraphs === 0));
  const home = continues(caption, voice) ? lines.lastElementChild : next;
  if (tail.parentElement !== home) home.append(tail);
  put(tail, caption.tail?.text ?? '');
  card.copy.hidden = card.paragraphs === 0;
  Object.assign(card, { caption, voice });
  if (card.follows) text.scrollTop = text.scrollHeight;
}

/** Appends the words that are not on the page yet to the last paragraph, or to a new one. */
function addWords(card, words, begins) {
  const { lines, tail } = card;
  if (begins) {
    lines.append(make(lines.ownerDocument, 'p'));
    card.paragraphs++;
    card.words = 0;
  }
  const paragraph = lines.lastElementChild;
  const before = tail.parentElement === paragraph ? tail : null;
  for (const word of words.slice(card.words)) {
    const nodes = makeWord(lines.ownerDocument, word);
    if (before) before.before(...nodes);
    else paragraph.append(...nodes);
  }
  card.words = words.length;
}

const spoken = new WeakMap(); // a word's element → the word

/** The space before a word is no part of what lights up. */
function makeWord(document, word) {
  const letters = word.text.trimStart();
  const element = make(document, 'span', { className: 'word', textContent: letters });
  spoken.set(element, word);
  return [word.text.slice(0, word.text.length - letters.length), element];
}

/** Says beside the word that is pointed at, or tapped, which sound it leans on. */
function tellAboutWords(captions, bubble) {
  const hide = () => (bubble.hidden = true);
  const tell = ({ target }) => {
    const word = spoken.get(target);
    bubble.hidden = !word;
    if (!word) return;
    put(bubble, about(word));
    const { left, width, top, bottom } = target.getClientRects()[0];
    const { innerWidth } = bubble.ownerDocument.defaultView;
    const half = bubble.offsetWidth / 2 + 8;
    const above = top - bubble.offsetHeight - 6;
    bubble.style.left = `${Math.max(half, Math.min(left + width / 2, innerWidth - half))}px`;
    bubble.style.top = `${above > 0 ? above : bottom + 6}px`;
  };
  captions.addEventListener('pointerover', tell);
  captions.addEventListener('click', tell);
  captions.addEventListener('pointerout', hide);
  captions.addEventListener('scroll', hide, true);
}
