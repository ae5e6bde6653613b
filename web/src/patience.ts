// How long to wait before a server is asked again.

const firstMs = 1000;
const mostMs = 15000;

/**
 * The wait before the nth try, from 0: it doubles, has a bound, and is spread by up to a quarter, so that those who lost the
 * server together do not come back together. What the server asks for, if more, is waited for.
 */
export function patienceMs(attempt: number, askedMs = 0, random: () => number = Math.random): number {
  const own = Math.min(firstMs * 2 ** Math.min(attempt, 30), mostMs);
  return Math.round(Math.max(own, askedMs) * (1 + random() / 4));
}
