import assert from 'node:assert/strict';
import test from 'node:test';

import { Feed, type World } from '../src/read/feed';
import { sseParser } from '../src/read/sse';

test('events are read in whatever pieces they come', () => {
  const stream = ': hello\n\nid: 1-1\nevent: words\ndata: {"a":1}\n\nid: 1-2\n\nevent: tail\r\ndata: x\ndata: y\r\n\r\nid: 1-3\ndata: lost';
  for (let size = 1; size < stream.length; size++) {
    const got: string[] = [];
    const parse = sseParser((data, id) => got.push(`${id} ${data}`));
    for (let i = 0; i < stream.length; i += size) parse(stream.slice(i, i + size));
    assert.deepEqual(got, [' ', '1-1 {"a":1}', '1-2 ', '1-2 x\ny'], `pieces of ${size}`);
  }
});

const words = (seq: number, text: string) => ({ type: 'commit', epoch: 3, seq, voice: 1, segment: 0, language: 'en', text, words: [], heard_ms: 0 });

/** A server that plays a script: each request takes the next answer. */
class Play {
  asked: string[] = [];
  sockets: FakeSocket[] = [];
  waits: number[] = [];
  told: string[] = [];
  done!: () => void;
  feed: Feed;

  constructor(private answers: (() => Response)[], private socketOpens: (n: number) => boolean) {
    const play = this;
    const world = {
      fetch: async (url: string, options: { headers: Record<string, string> }) => {
        const last = options.headers['Last-Event-ID'];
        play.asked.push(url.replace(/^.*rooms\/hall\//, '') + (last ? ` after ${last}` : ''));
        const answer = play.answers.shift();
        if (!answer) throw new Error('nobody there');
        return answer();
      },
      WebSocket: class extends FakeSocket {
        constructor(url: string) {
          super(play);
          play.asked.push(url.replace(/^.*rooms\/hall\//, ''));
          const opens = play.socketOpens(play.sockets.push(this));
          queueMicrotask(() => (opens ? this.onopen() : this.onclose({ code: 1006 })));
        }
      },
      later: (run: () => void, ms: number) => {
        play.waits.push(ms);
        if (play.waits.length >= 6) play.feed.close();
        queueMicrotask(run);
      },
    } as unknown as World;
    this.feed = new Feed('hall', '', {
      link: (link, why) => play.told.push(why ? `${link}: ${why}` : link),
      restart: () => play.told.push('restart'),
      history: (events, more) => play.told.push(`history ${events.map((e) => ('text' in e ? e.text : e.type)).join()}${more ? ' and more' : ''}`),
      message: (m) => play.told.push('text' in m ? `${m.type} ${m.text}` : m.type),
    }, world);
  }
}

class FakeSocket {
  onopen!: () => void;
  onmessage!: (event: { data: string }) => void;
  onclose!: (event: { code: number }) => void;
  constructor(readonly play: Play) {}
  close() {
    queueMicrotask(() => this.onclose({ code: 1005 }));
  }
}

const json = (value: unknown) => () => new Response(JSON.stringify(value), { headers: { 'Content-Type': 'application/json' } });
const sse = (...events: any[]) => () =>
  new Response(events.map((e) => `${e.seq ? `id: ${e.epoch}-${e.seq}\n` : ''}data: ${JSON.stringify(e)}\n\n`).join(''), { headers: { 'Content-Type': 'text/event-stream' } });
const status = (code: number, text = '') => () => new Response(text, { status: code });

test('a room is read from its history on, and a broken connection goes on behind what was read', async () => {
  const play = new Play([json({ events: [words(4, 'one')], before: 4 })], () => true);
  const running = play.feed.run();
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  play.sockets[0]!.onmessage({ data: JSON.stringify(words(5, ' two')) });
  play.sockets[0]!.onclose({ code: 1012 });
  await turn();
  play.sockets[1]!.onmessage({ data: JSON.stringify(words(6, ' three')) });
  play.feed.close();
  await running;
  assert.deepEqual(play.asked, ['history?n=200', 'stream?after=3-4', 'stream?after=3-5']);
  assert.deepEqual(play.told.filter((t) => t !== 'live'), ['history one and more', 'commit  two', 'away: The connection to the server was lost.', 'commit  three']);
});

test('where no WebSocket opens a room is read by server-sent events, behind what is broken too', async () => {
  const tail = { type: 'draft', voice: 1, segment: 0, language: 'en', text: ' th', heard_ms: 0 };
  const broken = { ...words(3, ''), words: null };
  const play = new Play([json({ events: [words(1, 'one'), broken] }), sse(words(2, ' two'), tail, broken), sse(words(4, ' four'))], () => false);
  await play.feed.run();
  assert.deepEqual(play.asked.slice(0, 5), ['history?n=200', 'stream?after=3-1', 'events after 3-1', 'stream?after=3-3', 'events after 3-3']);
  assert.deepEqual(play.told.filter((t) => /^(history|commit|draft)/.test(t)), ['history one', 'commit  two', 'draft  th', 'commit  four']);
});

test('where nobody has spoken the page waits', async () => {
  const play = new Play([status(404), json({ events: [words(1, 'one')] })], () => true);
  const running = play.feed.run();
  await new Promise((resolve) => setImmediate(resolve));
  play.feed.close();
  await running;
  assert.deepEqual(play.told, ['empty: Nobody has spoken here yet.', 'history one', 'live']);
});

test('what was forgotten is read anew', async () => {
  const play = new Play([json({ events: [words(1, 'secret')] }), json({ events: [] })], () => true);
  const running = play.feed.run();
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  play.sockets[0]!.onmessage({ data: '{"type":"reset","why":"forgotten"}' });
  play.sockets[0]!.onmessage({ data: JSON.stringify({ type: 'screen', segments: [], drafts: [] }) });
  await turn();
  play.feed.close();
  await running;
  assert.deepEqual(play.told.slice(0, 3), ['history secret', 'live', 'restart']);
  assert.equal(play.told.includes('screen'), false);
  assert.deepEqual(play.asked, ['history?n=200', 'stream?after=3-1', 'history?n=200', 'stream']);
});

test('a room that is forgotten goes from the page', async () => {
  const play = new Play([json({ events: [words(1, 'secret')] })], () => true);
  const running = play.feed.run();
  await new Promise((resolve) => setImmediate(resolve));
  play.sockets[0]!.onmessage({ data: JSON.stringify({ type: 'error', code: 'gone', message: 'the room was forgotten' }) });
  play.sockets[0]!.onclose({ code: 4456 });
  await running;
  assert.deepEqual(play.told, ['history secret', 'live', 'restart', 'closed: The room was forgotten.']);
});

test('a refusal that time does not mend ends the reading; one that it does waits as long as it is asked to', async () => {
  const refused = new Play([status(401)], () => true);
  await refused.feed.run();
  assert.match(refused.told[0]!, /^closed: This room wants a token/);
  const busy = new Play([() => new Response('stopping', { status: 503, headers: { 'Retry-After': '5' } })], () => true);
  await busy.feed.run();
  assert.ok(busy.waits[0]! >= 5000 && busy.waits[1]! >= 2000, String(busy.waits));
});

test('older pages are asked for by the oldest number', async () => {
  const play = new Play([json({ events: [words(7, 'seven')], before: 7 }), json({ events: [words(5, 'five'), words(6, 'six')] })], () => true);
  const running = play.feed.run();
  await new Promise((resolve) => setImmediate(resolve));
  await play.feed.earlier();
  play.feed.close();
  await running;
  assert.deepEqual(play.asked, ['history?n=200', 'stream?after=3-7', 'history?before=7&n=200']);
  assert.equal(play.told.at(-1), 'history five,six');
});
