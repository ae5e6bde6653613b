// Lines that roll up, as subtitles of television do: a word that stands in a line never changes its place in it.

import type { Caption } from '../captions';

export type Measure = (text: string) => number;

type Built = { text: string; paragraph: string };

/** The last `count` lines of a caption's committed text, from the top; what is missing is empty. */
export function rolled({ paragraphs }: Caption, count: number, width: number, measure: Measure): string[] {
  const lines: Built[] = [];
  for (const { key, words, note } of paragraphs.slice(-2 * count - 2)) {
    if (note !== undefined) continue;
    for (const { text } of words) place(lines, key, text, width, measure);
  }
  const last = lines.slice(-count).map(({ text }) => text);
  return [...Array<string>(count - last.length).fill(''), ...last];
}

function place(lines: Built[], paragraph: string, word: string, width: number, measure: Measure): void {
  const last = lines.at(-1);
  if (last?.paragraph === paragraph && measure(last.text + word) <= width) last.text += word;
  else lines.push({ text: word.trimStart(), paragraph });
}

/** As many whole words of a tail as fit behind the last line: a tail never moves what stands. */
export function fitting(line: string, tail: string, width: number, measure: Measure): string {
  let kept = '';
  for (const word of tail.match(/\s*\S+/g) ?? []) {
    if (measure(line + kept + word) > width) return kept;
    kept += word;
  }
  return kept;
}
