// A token comes in the address's fragment, which browsers do not send. It is changed for a cookie that no script reads,
// and leaves the address.

import { at } from './address';

/** What the server makes of a token: why it is refused, or the room it is for, where it is for one. */
export type Entry = { refused: string; room: string };

/** The token of a fragment, and the fragment without it. */
export function split(hash: string): { token: string; rest: string } {
  const parts = hash.replace(/^#/, '').split('&');
  const token = parts.find((part) => part.startsWith('token=')) ?? '';
  const rest = parts.filter((part) => part && part !== token).join('&');
  return { token: new URLSearchParams(token).get('token') ?? '', rest: rest && `#${rest}` };
}

/** Shows the server the token of this page's address, where there is one and where it asks for tokens. */
export async function enter(): Promise<Entry> {
  const { token, rest } = split(location.hash);
  if (token === '') return { refused: '', room: '' };
  history.replaceState(null, '', location.pathname + location.search + rest);
  const body = JSON.stringify({ token });
  const answer = await fetch(at('v1/session'), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }).catch(() => null);
  if (answer?.ok) return { refused: '', room: (await answer.json()).room ?? '' };
  return { refused: !answer || answer.status === 404 ? '' : 'The server does not know the token of this address.', room: '' };
}
