// Wires the reading page: the room and the reader give events, events change the state, the state is shown.

import { roomOf } from '../address';
import { byId, put, withNextPicture } from '../dom';
import type { Entry } from '../session';
import type { Message } from '../wire';
import { Feed } from './feed';
import { mount } from './render';
import { type Event, initial, type Look, next, type State, usual } from './state';

export function read({ refused, room: granted }: Entry): void {
  const room = roomOf(location) || granted;
  let state: State = { ...initial, room, look: remembered() };
  const show = mount({
    hide: (language, hidden) => tell({ type: 'hide', language, hidden }),
    search: (query) => tell({ type: 'search', query }),
    step: (by) => (state.query && state.hits.length === 0 && state.more ? earlier() : tell({ type: 'step', by })),
    earlier,
    look(look) {
      tell({ type: 'look', look });
      remember(state.look);
    },
  });
  const draw = withNextPicture(() => show(state));

  function tell(event: Event | Message): void {
    state = next(state, event);
    draw();
  }

  const feed = new Feed(room, '', {
    link: (link, why) => tell({ type: 'link', link, why, nowMs: Date.now() }),
    restart: () => tell({ type: 'restart' }),
    history: (events, more) => tell({ type: 'history', events, more }),
    message: tell,
  });

  function earlier(): void {
    if (state.loading) return;
    tell({ type: 'loading' });
    void feed.earlier().catch(() => tell({ type: 'history', events: [], more: state.more }));
  }

  show(state);
  addEventListener('hashchange', () => location.reload());
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    byId('query').focus();
  });
  if (room === '' || refused) {
    put(byId('status'), 'Closed');
    put(byId('why'), refused || 'This address names no room. Open it by the link you were given.');
    return;
  }
  setInterval(() => state.link === 'away' && draw(), 1000);
  void feed.run();
}

function remembered(): Look {
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem('look') ?? '{}') };
  } catch {
    return usual;
  }
}

function remember(look: Look): void {
  try {
    localStorage.setItem('look', JSON.stringify(look));
  } catch {
    // a browser that keeps nothing
  }
}
