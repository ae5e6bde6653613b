// Finding text in captions, whatever its case and its accents.

import { captionOf, type Captions } from './captions';

/** Where a text was found: the words from and up to to, of a paragraph. */
export type Hit = { language: string; key: string; from: number; to: number };

const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

const most = 1000; // hits

/** All places of a text, language by language, from the top. */
export function find(captions: Captions, languages: readonly string[], asked: string): Hit[] {
  const wanted = fold(asked).replace(/\s+/g, ' ').trim();
  const hits: Hit[] = [];
  if (wanted === '') return hits;
  for (const language of languages) {
    for (const { key, words } of captionOf(captions, language).paragraphs) {
      for (const { from, to } of within(words.map(({ text }) => fold(text).replace(/\s/g, ' ')), wanted)) hits.push({ language, key, from, to });
      if (hits.length >= most) return hits;
    }
  }
  return hits;
}

function within(words: string[], wanted: string): { from: number; to: number }[] {
  const ends: number[] = [];
  let length = 0;
  for (const word of words) ends.push((length += word.length));
  const text = words.join('');
  const found = [];
  for (let i = text.indexOf(wanted); i >= 0; i = text.indexOf(wanted, i + wanted.length)) {
    found.push({ from: ends.findIndex((end) => end > i), to: ends.findIndex((end) => end >= i + wanted.length) });
  }
  return found;
}
