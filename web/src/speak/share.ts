// The link for those who read, as text and as a QR code.

import { readAddress } from '../address';
import { byId, copy } from '../dom';
import { qr } from '../qr';
import { roomError } from './state';

/** Shows the link of a room. */
export function share(room: string): void {
  const good = roomError(room) === '';
  const address = good ? readAddress(room) : '';
  const link = byId<HTMLAnchorElement>('link');
  byId('shared').hidden = !good;
  if (!good) return;
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
