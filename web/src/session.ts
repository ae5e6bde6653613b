// A token comes in the address's fragment, which browsers do not send. It is changed for a cookie that no script reads,
// and leaves the address.

import { at } from './address';

/** The token of a fragment, and the fragment without it. */
export function split(hash: string): { token: string; rest: string } {
  const parts = hash.replace(/^#/, '').split('&');
  const token = parts.find((part) => part.startsWith('token=')) ?? '';
  const rest = parts.filter((part) => part && part !== token).join('&');
  return { token: decodeURIComponent(token.slice('token='.length)), rest: rest && `#${rest}` };
}

/** Shows the server the token of this page's address. Says what is wrong when it is refused. */
export async function enter(): Promise<string> {
  const { token, rest } = split(location.hash);
  if (token === '') return '';
  history.replaceState(null, '', location.pathname + location.search + rest);
  const body = JSON.stringify({ token });
  const answer = await fetch(at('v1/session'), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }).catch(() => null);
  return !answer || answer.ok || answer.status === 404 ? '' : 'The server does not know the token of this address.';
}
