// What an overlay's address asks for.

import { roomOf } from '../address';

export type Options = {
  room: string;
  languages: string[]; // none: the first that comes
  lines: number; // of each language
  size: number; // pixels
  font: string;
  align: 'left' | 'center' | 'right'; // a line that is not at the left moves while it grows
  live: boolean; // with the tentative words
};

const bounded = (text: string | null, low: number, usual: number, high: number): number => {
  const value = Number(text ?? '');
  return text && Number.isFinite(value) ? Math.min(high, Math.max(low, Math.round(value))) : usual;
};

/** Reads an overlay's address; what is missing or wrong has its usual value. */
export function options(location: { search: string; hash: string }): Options {
  const asked = new URLSearchParams(location.search);
  const align = asked.get('align');
  const font = asked.get('font') ?? '';
  return {
    room: roomOf(location),
    languages: (asked.get('lang') ?? '').split(',').filter((code) => /^[A-Za-z0-9-]{2,35}$/.test(code)).slice(0, 4),
    lines: bounded(asked.get('lines'), 1, 2, 8),
    size: bounded(asked.get('size'), 12, 48, 200),
    font: /^[\p{L}\p{N} ,-]{1,100}$/u.test(font) ? font : 'system-ui, sans-serif',
    align: align === 'center' || align === 'right' ? align : 'left',
    live: asked.get('mode') === 'live',
  };
}
