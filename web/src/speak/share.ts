// The link for those who read, as text and as a QR code.

import { at, readAddress, roomPath } from '../address';
import { byId, copy } from '../dom';
import { qr } from '../qr';
import { roomError } from './state';

const restMs = 400; // without a change of the room's name

let asked = 0; // the timer of the last question

/** Prepares the link of the room that is current: whoever opens it is let in. */
export function sharing(current: () => string): void {
  byId('share').addEventListener('toggle', () => share(current()));
}

/** Shows the link of a room. Where it is seen, the server gives it a token, if its readers need one. */
export function share(room: string): void {
  clearTimeout(asked);
  const good = roomError(room) === '';
  byId('shared').hidden = !good;
  if (!good) return;
  show(readAddress(room));
  if (byId<HTMLDetailsElement>('share').open) asked = setTimeout(() => void withToken(room, asked), restMs);
}

/** Shows the link with its token, unless another room was shared meanwhile. */
async function withToken(room: string, mine: number): Promise<void> {
  const answer = await fetch(at(roomPath(room, 'invitation')), { method: 'POST' }).catch(() => null);
  if (!answer?.ok) return;
  const { token = '' } = await answer.json();
  if (mine === asked && token) show(readAddress(room, token));
}

function show(address: string): void {
  const link = byId<HTMLAnchorElement>('link');
  link.href = address;
  link.textContent = address;
  byId('copy-link').onclick = () => copy(byId('copy-link'), address);
  drawCode(byId('code') as unknown as SVGSVGElement, address);
}

/** Draws the code with its margin of four, as one path. */
function drawCode(svg: SVGSVGElement, text: string): void {
  const squares = qr(text);
  const size = squares.length + 8;
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', squares.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : ''))).join(''));
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`);
  svg.replaceChildren(path);
}
