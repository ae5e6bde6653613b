// Where things are on the server that gave us this page, and what a page's own address asks for.

/** The folder of this page's bundle: the server may stand behind a path. */
const root = (): URL => new URL('.', import.meta.url);

/** The address of a file or a door. */
export const at = (path: string): string => new URL(path, root()).href;

/** The address of a WebSocket door. */
export const socketAt = (path: string): string => at(path).replace(/^http/, 'ws');

export const roomPath = (room: string, file: string, query: Record<string, string> = {}): string => {
  const asked = new URLSearchParams(query).toString();
  return `rooms/${encodeURIComponent(room)}/${file}${asked && `?${asked}`}`;
};

/** The page on which others read a room, with the token that lets them in where they need one: a fragment is not sent. */
export const readAddress = (room: string, token = ''): string => at(`read#${room}${token && `&token=${token}`}`);

/** The room a page's address names, as ?room=hall, #room=hall or #hall; nothing when it names none. */
export function roomOf({ search, hash }: { search: string; hash: string }): string {
  const plain = hash.slice(1);
  const named = new URLSearchParams(search).get('room') ?? new URLSearchParams(plain).get('room') ?? (plain.includes('=') ? '' : plain);
  return /^[a-z0-9-]{1,64}$/.test(named) ? named : '';
}

/** A room name that nobody guesses: 96 random bits, in letters that are told apart when they are read aloud. */
export function randomRoom(random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) => crypto.getRandomValues(bytes)): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789'; // 32: no l, o, 0, 1
  let bits = 0n;
  for (const byte of random(new Uint8Array(12))) bits = (bits << 8n) | BigInt(byte);
  let name = '';
  for (let i = 0; i < 20; i++) name += letters[Number((bits >> BigInt(5 * i)) & 31n)];
  return name.replace(/(.{5})(?=.)/g, '$1-');
}
