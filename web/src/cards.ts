// A card a language: committed text that stands still, and behind it the faint tail.

import { captionOf, type Caption, type Captions, continues, type Paragraph, plainText, type Tail } from './captions';
import { copy, make, put } from './dom';
import { makeWord } from './evidence';
import { name } from './languages';
import type { Hit } from './search';

/** What cards show. */
export type View = {
  codes: readonly string[];
  captions: Captions;
  source?: string; // the language that is spoken
  spoken: boolean; // whether new text is read aloud to those who use a screen reader
  files?: (code: string) => { title: string; href: string }[];
  hits?: readonly Hit[];
  hit?: Hit | undefined; // the one that is looked at
};

type Line = { element: HTMLElement; paragraph: Paragraph };

type Card = {
  element: HTMLElement;
  title: HTMLElement;
  text: HTMLElement;
  lines: HTMLElement;
  tail: HTMLElement; // goes on in the last paragraph
  tails: HTMLElement; // of voices that have none there
  newest: HTMLButtonElement;
  copy: HTMLElement;
  shown: Map<string, Line>; // by the paragraph's key
  caption: Caption | null;
  follows: boolean;
};

/** Returns a function that shows a view in list. */
export function cards(list: HTMLElement): (view: View) => void {
  const all = new Map<string, Card>();
  return (view) => {
    for (const [code, card] of all) {
      if (view.codes.includes(code)) continue;
      card.element.remove();
      all.delete(code);
    }
    view.codes.forEach((code, place) => {
      if (!all.has(code)) all.set(code, makeCard(code, view));
      const card = all.get(code)!;
      if (list.children[place] !== card.element) list.insertBefore(card.element, list.children[place] ?? null);
      put(card.title, code === view.source ? `${name(code)}, as spoken` : name(code));
      // Several languages read aloud at once are none: the first one is.
      card.lines.ariaLive = view.spoken && place === 0 ? 'polite' : 'off';
      show(card, captionOf(view.captions, code));
      mark(card, (view.hits ?? []).filter((hit) => hit.language === code), view.hit);
    });
  };
}

/** The tail is kept from readers of screens: it would be read aloud again and again. */
function makeCard(code: string, { files }: View): Card {
  const title = make('h2', { id: `name-${code}` });
  const lines = make('div', { className: 'lines', role: 'log', ariaLive: 'off', 'aria-labelledby': title.id });
  const tail = make('span', { className: 'tail', 'aria-hidden': 'true' });
  const tails = make('div', { className: 'tails', 'aria-hidden': 'true' });
  const text = make('div', { className: 'text', lang: code, tabIndex: 0, role: 'region', 'aria-labelledby': title.id }, lines, tails);
  const newest = make('button', { type: 'button', className: 'newest', hidden: true }, 'Newest ↓');
  const button = make('button', { type: 'button', className: 'quiet', 'aria-label': `Copy ${name(code)}` }, 'Copy');
  const links = (files?.(code) ?? []).map(({ title: kind, href }) =>
    make('a', { className: 'quiet', href, download: '', 'aria-label': `${name(code)} as ${kind}` }, kind),
  );
  const header = make('header', {}, title, make('div', { className: 'tools' }, ...links, button));
  const card: Card = {
    element: make('article', {}, header, text, newest),
    title, text, lines, tail, tails, newest, copy: button, shown: new Map(), caption: null, follows: true,
  };
  button.onclick = () => copy(button, plainText(card.caption!));
  newest.onclick = () => follow(card, true);
  new ResizeObserver(() => follow(card, card.follows)).observe(text);
  // Only people turn following off: a card that gets smaller does not.
  text.onscroll = () => {
    card.follows = text.scrollTop >= needed(card) - 40;
    newest.hidden = card.follows;
  };
  return card;
}

/** Words are only ever added, so those on the page stay where they are. */
function show(card: Card, caption: Caption): void {
  if (card.caption === caption) return;
  const anchor = card.lines.lastElementChild as HTMLElement | null;
  const before = anchor?.offsetTop ?? 0;
  card.caption = caption;
  card.copy.hidden = caption.paragraphs.length === 0;
  const keys = new Set(caption.paragraphs.map(({ key }) => key));
  for (const [key, { element }] of card.shown) {
    if (keys.has(key)) continue;
    if (element.contains(card.tail)) card.tail.remove();
    element.remove();
    card.shown.delete(key);
  }
  let place = card.lines.firstElementChild;
  for (const paragraph of caption.paragraphs) {
    const element = showParagraph(card, paragraph, place);
    place = element.nextElementSibling;
  }
  showTails(card, caption);
  if (anchor?.isConnected) card.text.scrollTop += anchor.offsetTop - before; // older text came above it, or went
  follow(card, card.follows);
}

function showParagraph(card: Card, paragraph: Paragraph, place: Element | null): HTMLElement {
  let line = card.shown.get(paragraph.key);
  if (!line) {
    line = { element: make('p', { className: paragraph.note === undefined ? '' : 'note', dir: 'auto' }), paragraph: { ...paragraph, words: [] } };
    card.lines.insertBefore(line.element, place);
    if (paragraph.note !== undefined) line.element.textContent = paragraph.note;
    card.shown.set(paragraph.key, line);
  }
  if (line.paragraph === paragraph) return line.element;
  const nodes = paragraph.words.slice(line.paragraph.words.length).flatMap((word) => makeWord(word, paragraph));
  if (card.tail.parentElement === line.element) card.tail.before(...nodes);
  else line.element.append(...nodes);
  line.paragraph = paragraph;
  return line.element;
}

function showTails(card: Card, caption: Caption): void {
  const inline = caption.tails.find((tail) => continues(caption, tail));
  const home = inline && card.shown.get(caption.paragraphs.at(-1)!.key)!.element;
  if (home && card.tail.parentElement !== home) home.append(card.tail);
  if (!home) card.tail.remove();
  put(card.tail, inline?.text ?? '');
  const others = caption.tails.filter((tail) => tail !== inline);
  while (card.tails.children.length > others.length) card.tails.lastElementChild!.remove();
  others.forEach((tail: Tail, i) => {
    if (!card.tails.children[i]) card.tails.append(make('p', { className: 'tail', dir: 'auto' }));
    put(card.tails.children[i] as HTMLElement, tail.text.trimStart());
  });
}

/** How far the text must be scrolled for its end to be seen. */
function needed({ text, tails }: Card): number {
  return tails.offsetTop + tails.offsetHeight - text.clientHeight + 24;
}

/** Goes on to the newest text, and never back: a tail that gets shorter moves nothing. */
function follow(card: Card, on: boolean): void {
  if (on && needed(card) > card.text.scrollTop) card.text.scrollTop = needed(card);
}

/** Marks what was found, and brings the one that is looked at into view. */
function mark(card: Card, hits: readonly Hit[], current: Hit | undefined): void {
  const before = card.lines.querySelectorAll('.hit');
  if (before.length === 0 && hits.length === 0) return;
  for (const word of before) word.classList.remove('hit', 'current');
  for (const hit of hits) {
    const words = [...(card.shown.get(hit.key)?.element.querySelectorAll<HTMLElement>('.word') ?? [])].slice(hit.from, hit.to + 1);
    for (const word of words) word.classList.add('hit', ...(hit === current ? ['current'] : []));
    if (hit === current && words[0] && card.element.dataset.hit !== `${hit.key} ${hit.from}`) {
      card.element.dataset.hit = `${hit.key} ${hit.from}`;
      card.follows = false;
      card.text.scrollTop = words[0].offsetTop - card.text.clientHeight / 2;
    }
  }
}
