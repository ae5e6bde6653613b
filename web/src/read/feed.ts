// A room as it is read: what was said first, then what is being said, each event once and in order, however often the
// connection breaks. Over WebSocket, and over server-sent events where that does not lead to the server.

import { at, roomPath, socketAt } from '../address';
import { patienceMs } from '../patience';
import { comesBack, type Message, parsed, sentence } from '../wire';
import { sseParser } from './sse';

/** A place in a room's events: EPOCH-SEQ, behind the last one that was read. */
type Cursor = string;

/**
 * link: live, away (it comes again by itself; why says what happened), empty (nobody has spoken in the room yet), or
 * closed (it does not come again).
 */
export type Link = 'reaching' | 'live' | 'away' | 'empty' | 'closed';

export type Teller = {
  link(link: Link, why: string): void;
  restart(): void; // all that was told is no longer so: history follows
  history(events: Message[], more: boolean): void;
  message(message: Message): void;
};

/** What the feed uses of the browser. */
export type World = { fetch: typeof fetch; WebSocket: typeof WebSocket; later(run: () => void, ms: number): void };

const browser: World = {
  fetch: (...asked) => globalThis.fetch(...asked),
  WebSocket: globalThis.WebSocket,
  later: (run, ms) => void setTimeout(run, ms),
};

const page = 200; // events of one piece of history
const silenceMs = 40000; // events come or comments do, each 15 s

/** How a connection ended. */
type End = { opened: boolean; again: boolean; why: string; waitMs: number; empty?: boolean };

const broken = 'The connection to the server was lost.';

export class Feed {
  private cursor: Cursor = '';
  private first = 0; // older events have smaller numbers; 0: there are none
  private attempt = 0;
  private told = false; // what was said before
  private over = false;
  private hangUp: () => void = () => {};

  constructor(
    private readonly room: string,
    private readonly language: string, // '': all
    private readonly tell: Teller,
    private readonly world: World = browser,
  ) {}

  /** Reads until close. */
  async run(): Promise<void> {
    while (!this.over) {
      const end = await this.once();
      if (this.over) return;
      this.attempt = end.opened ? 0 : this.attempt + 1;
      if (!end.again) return this.tell.link('closed', end.why);
      this.tell.link(end.empty ? 'empty' : 'away', end.why);
      const waitMs = end.empty ? 2000 : patienceMs(this.attempt, end.waitMs);
      await new Promise<void>((resolve) => this.world.later(resolve, waitMs));
    }
  }

  close(): void {
    this.over = true;
    this.hangUp();
  }

  /** Tells older events, where the server has any. */
  async earlier(): Promise<void> {
    const answer = await this.get('history', { before: String(this.first), n: String(page) });
    if (!answer.ok) throw new Error(broken);
    const { events, before } = await past(answer);
    this.first = before;
    this.tell.history(events, before > 0);
  }

  private async once(): Promise<End> {
    try {
      if (!this.told) {
        const end = await this.before();
        if (end) return end;
      }
      const end = await this.socket();
      return end.opened || this.over ? end : await this.events();
    } catch {
      return { opened: false, again: true, why: broken, waitMs: 0 };
    }
  }

  /** What was said before this page came. */
  private async before(): Promise<End | null> {
    const answer = await this.get('history', { n: String(page) });
    if (!answer.ok) return refusal(answer, await answer.text());
    const { events, before } = await past(answer);
    this.first = before;
    events.forEach((event) => this.note(event));
    this.told = true;
    this.tell.history(events, before > 0);
    return null;
  }

  private path(file: string, query: Record<string, string>): string {
    return roomPath(this.room, file, this.language ? { lang: this.language, ...query } : query);
  }

  private get(file: string, query: Record<string, string>, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
    return this.world.fetch(at(this.path(file, query)), { headers, signal });
  }

  private socket(): Promise<End> {
    const socket = new this.world.WebSocket(socketAt(this.path('stream', this.cursor ? { after: this.cursor } : {})));
    return new Promise((resolve) => {
      let opened = false;
      let why = broken;
      let waitMs = 0;
      const end = (code: number): void => {
        this.hangUp = () => {};
        resolve({ opened, again: !opened || comesBack(code) || code === 1000, why, waitMs });
      };
      this.hangUp = () => socket.close();
      socket.onopen = () => {
        opened = true;
        this.tell.link('live', '');
      };
      socket.onmessage = ({ data }) => {
        const message = parsed(data);
        if (message?.type !== 'error') return void (message && this.take(message));
        [why, waitMs] = [sentence(message.message), message.retry_ms ?? 0];
        if (message.code === 'gone') this.forget();
      };
      socket.onclose = ({ code }) => end(code);
    });
  }

  private async events(): Promise<End> {
    const stop = new AbortController();
    this.hangUp = () => stop.abort();
    const answer = await this.get('events', {}, this.cursor ? { 'Last-Event-ID': this.cursor } : {}, stop.signal);
    if (!answer.ok) return refusal(answer, await answer.text());
    this.tell.link('live', '');
    const parser = sseParser((data, id) => {
      const message = data ? parsed(data) : null;
      if (message) this.take(message);
      if (id) this.cursor = id;
    });
    try {
      await pour(answer.body!, parser, stop);
    } catch {
      // what broke in the middle is begun again like what has ended
    }
    return { opened: true, again: true, why: broken, waitMs: 0 };
  }

  private take(message: Message): void {
    if (message.type === 'reset') {
      this.forget();
      return this.hangUp(); // and begin again with the history
    }
    if (!this.told) return;
    this.note(message);
    this.tell.message(message);
  }

  private forget(): void {
    this.told = false;
    this.cursor = '';
    this.tell.restart();
  }

  private note(message: Message): void {
    if ('seq' in message && message.seq !== undefined && message.epoch !== undefined) this.cursor = `${message.epoch}-${message.seq}`;
  }
}

async function pour(body: ReadableStream<Uint8Array>, parser: (piece: string) => void, stop: AbortController): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const quiet = setTimeout(() => stop.abort(), silenceMs);
    const { done, value } = await reader.read().finally(() => clearTimeout(quiet));
    if (done) return;
    parser(decoder.decode(value, { stream: true }));
  }
}

/** A page of history. Older events are those before a number; there are none where it is 0. */
async function past(answer: Response): Promise<{ events: Message[]; before: number }> {
  const { events, before = 0 } = (await answer.json()) as { events: unknown[]; before?: number };
  return { events: events.map((event) => parsed(JSON.stringify(event))).filter((m) => m !== null), before };
}

function refusal(answer: Response, text: string): End {
  const waitMs = 1000 * Number(answer.headers.get('Retry-After') ?? 0) || 0;
  if (answer.status === 404) return { opened: false, again: true, empty: true, why: 'Nobody has spoken here yet.', waitMs };
  const again = answer.status === 429 || answer.status >= 500;
  const why = answer.status === 401 ? 'This room wants a token: open it by the link you were given.' : sentence(text.trim().split('\n')[0]);
  return { opened: false, again, why, waitMs };
}
