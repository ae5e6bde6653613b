// Shows the reading page's state. Reads it, changes nothing in it; what people do is told to `on`.

import { at, roomPath } from '../address';
import { cards } from '../cards';
import { byId, once, put } from '../dom';
import { showEvidence } from '../evidence';
import { lagText } from '../lag';
import { name } from '../languages';
import { chip } from '../speak/render';
import { empty, languagesOf, type Look, shown, sizes, type State } from './state';

export type Does = {
  hide(language: string, hidden: boolean): void;
  search(query: string): void;
  step(by: number): void;
  earlier(): void;
  look(look: Partial<Look>): void;
};

/** How the connection is, for people: what they see is current, or how long it has not been. */
export function linkText({ link, sinceMs, lag }: State, nowMs: number): string {
  switch (link) {
    case 'live':
      return lagText(lag) || 'Live';
    case 'empty':
      return 'Waiting for somebody to speak';
    case 'closed':
      return 'Closed';
    case 'reaching':
      return 'Connecting…';
    case 'away':
      return `Not connected for ${Math.max(1, Math.round((nowMs - sinceMs) / 1000))} s; trying again`;
  }
}

/** What a search has found, for people. */
export function foundText({ query, hits, hit, more }: State): string {
  if (query.trim() === '') return '';
  if (hits.length > 0) return `${hit + 1} of ${hits.length}`;
  return more ? 'Not found yet' : 'Not found';
}

/** Prepares the page and returns a function that shows a state. */
export function mount(on: Does): (state: State) => void {
  const query = byId<HTMLInputElement>('query');
  query.oninput = () => on.search(query.value);
  query.onkeydown = (event) => {
    if (event.key === 'Enter') on.step(event.shiftKey ? -1 : 1); // where nothing was found, looks further back
    if (event.key === 'Escape') on.search((query.value = ''));
  };
  byId('previous').onclick = () => on.step(-1);
  byId('next').onclick = () => on.step(1);
  byId('earlier').onclick = on.earlier;
  showEvidence(byId('captions'), byId('evidence'));
  const showCards = cards(byId('captions'));
  const looks = mountLook(on);
  return (state) => {
    document.body.dataset.phase = state.link;
    put(byId('status'), linkText(state, Date.now()));
    put(byId('room'), state.room);
    showLanguages(state, on);
    showSearch(state);
    byId('earlier').hidden = !state.more;
    byId<HTMLButtonElement>('earlier').disabled = state.loading;
    byId('welcome').hidden = !empty(state);
    put(byId('why'), state.link === 'closed' || state.link === 'empty' ? state.why : '');
    looks(state.look);
    const files = (code: string) => ['txt', 'srt', 'vtt'].map((kind) => ({
      title: kind.toUpperCase(),
      href: at(roomPath(state.room, `captions.${kind}`, { lang: code })),
    }));
    showCards({ codes: shown(state), captions: state.captions, spoken: state.link === 'live', hits: state.hits, hit: state.hits[state.hit], files });
  };
}

function showLanguages(state: State, on: Does): void {
  const all = languagesOf(state);
  const list = byId('languages');
  byId('choose').hidden = all.length < 2;
  once(list, all.join(), () => all.map((code) => chip(code, name(code), (chosen) => on.hide(code, !chosen))));
  const visible = shown(state);
  for (const box of list.querySelectorAll('input')) box.checked = visible.includes(box.value);
}

function showSearch(state: State): void {
  put(byId('found'), foundText(state));
  for (const id of ['previous', 'next']) byId(id).hidden = state.hits.length < 2;
}

/** The controls of how it looks. Sizes and colours are properties of the root, which style.css uses. */
function mountLook(on: Does): (look: Look) => void {
  const theme = byId<HTMLSelectElement>('theme');
  const contrast = byId<HTMLInputElement>('contrast');
  let now: Look;
  byId('smaller').onclick = () => on.look({ size: now.size - 1 });
  byId('larger').onclick = () => on.look({ size: now.size + 1 });
  theme.onchange = () => on.look({ theme: theme.value as Look['theme'] });
  contrast.onchange = () => on.look({ contrast: contrast.checked });
  return (look) => {
    now = look;
    const root = document.documentElement;
    root.dataset.theme = theme.value = look.theme;
    root.dataset.contrast = String((contrast.checked = look.contrast));
    root.style.setProperty('--text', `${sizes[look.size]}px`);
    byId<HTMLButtonElement>('smaller').disabled = look.size === 0;
    byId<HTMLButtonElement>('larger').disabled = look.size === sizes.length - 1;
  };
}
