// The token of a link, which stands behind # and so is never sent with an address.

/**
 * Takes the token out of the address bar and exchanges it for a cookie. Without one, or where it is not taken, nothing
 * happens: the server says so to the first connection.
 */
export async function enter(location, history, fetch = globalThis.fetch) {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!token) return;
  history.replaceState(null, '', location.pathname + location.search);
  const body = JSON.stringify({ token });
  await fetch('v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }).catch(() => {});
}
