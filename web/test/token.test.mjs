import assert from 'node:assert/strict';
import test from 'node:test';

import { enter } from '../page/token.mjs';

async function enterWith(hash, fails = false) {
  const done = [];
  const history = { replaceState: (...args) => done.push(args.at(-1)) };
  const fetch = async (...args) => {
    done.push(args);
    if (fails) throw new TypeError('no network');
  };
  await enter({ pathname: '/', search: '?a', hash }, history, fetch);
  return done;
}

test('a token leaves the address bar before it is exchanged', async () => {
  const [bar, [path, request]] = await enterWith('#token=sotto_speak_x');
  assert.equal(bar, '/?a');
  assert.equal(path, 'v1/session');
  assert.deepEqual(JSON.parse(request.body), { token: 'sotto_speak_x' });
  assert.equal(request.headers['Content-Type'], 'application/json');
});

test('without a token nothing happens', async () => {
  for (const hash of ['', '#', '#token=', '#top', '#tokens=x']) assert.deepEqual(await enterWith(hash), []);
});

test('a server that cannot be reached is found out by the connection', async () => {
  assert.equal((await enterWith('#token=x', true)).length, 2);
});
