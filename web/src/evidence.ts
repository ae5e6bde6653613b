// Which sound a word leans on: said beside a small bar of time, and shown by the words of other languages that lean on
// the same.

import { about, clock, near, type Paragraph, placed } from './captions';
import { make, put } from './dom';
import type { Word } from './wire';

type Spoken = { word: Word; paragraph: Paragraph };

const spoken = new WeakMap<Element, Spoken>(); // a word's element → the word

/** Makes the nodes of a word. The space before it is no part of what lights up. */
export function makeWord(word: Word, paragraph: Paragraph): Node[] {
  const letters = word.text.trimStart();
  const element = make('span', { className: 'word', textContent: letters });
  spoken.set(element, { word, paragraph });
  return [document.createTextNode(word.text.slice(0, word.text.length - letters.length)), element];
}

/** Shows evidence for the words in captions, in the bar: {text, from, stretch, to} by class. */
export function showEvidence(captions: HTMLElement, bar: HTMLElement): void {
  const [text, from, stretch, to] = ['.what', '.from', '.stretch', '.to'].map((name) => bar.querySelector<HTMLElement>(name)!) as [HTMLElement, HTMLElement, HTMLElement, HTMLElement];
  let at: Element | null = null;

  const lit = () => [...captions.querySelectorAll('.word')].filter((e) => spoken.has(e));
  const clear = (): void => {
    at = null;
    bar.classList.remove('shown');
    for (const e of captions.querySelectorAll('.at, .same')) e.classList.remove('at', 'same');
  };
  const show = (element: Element, aloud: boolean): void => {
    if (element === at) return;
    clear();
    const { word, paragraph } = spoken.get(element)!;
    at = element;
    element.classList.add('at');
    bar.classList.add('shown');
    text.setAttribute('aria-live', aloud ? 'polite' : 'off');
    put(text, placed(word) ? `“${word.text.trim()}” leans on the sound ${about(word)}` : `“${word.text.trim()}”: its sound is not known`);
    const segment = lit().filter((e) => of(e, paragraph));
    for (const e of segment) if (e !== element && placed(word) && near(spoken.get(e)!.word, word) && e.closest('.text') !== element.closest('.text')) e.classList.add('same');
    place(word, segment.map((e) => spoken.get(e)!.word).filter(placed));
  };
  const place = (word: Word, all: Word[]): void => {
    const [first, last] = [Math.min(...all.map((w) => w.start_ms)), Math.max(...all.map((w) => w.end_ms))];
    const whole = Math.max(1, last - first);
    stretch.hidden = !placed(word);
    if (!placed(word)) return;
    stretch.style.left = `${(100 * (word.start_ms - first)) / whole}%`;
    stretch.style.width = `${(100 * Math.max(word.end_ms - word.start_ms, whole / 100)) / whole}%`;
    stretch.style.opacity = String(word.evidence > 0 ? 0.35 + 0.65 * word.evidence : 1);
    put(from, clock(first));
    put(to, clock(last));
  };

  captions.addEventListener('pointerover', ({ target }) => spoken.has(target as Element) && show(target as Element, false));
  captions.addEventListener('click', ({ target }) => (spoken.has(target as Element) ? show(target as Element, false) : clear()));
  captions.addEventListener('pointerleave', ({ pointerType }) => pointerType === 'mouse' && clear());
  captions.addEventListener('keydown', (event) => step(event, at, (element) => show(element, true), clear));
}

/** Whether an element's word is of the same segment. */
const of = (element: Element, { voice, segment }: Paragraph): boolean => {
  const { paragraph } = spoken.get(element)!;
  return paragraph.voice === voice && paragraph.segment === segment;
};

/** The arrows go from word to word of the captions that have the focus; Escape leaves them. */
function step(event: KeyboardEvent, at: Element | null, show: (element: Element) => void, clear: () => void): void {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.key === 'Escape') clear();
  const text = (event.target as Element).closest('.text');
  if (!by || !text) return;
  event.preventDefault();
  const words = [...text.querySelectorAll('.word')];
  const place = at && text.contains(at) ? words.indexOf(at) + by : words.length - 1;
  const next = words[Math.max(0, Math.min(place, words.length - 1))];
  if (!next) return;
  show(next);
  next.scrollIntoView({ block: 'nearest' });
}
