// One voice, from its first sound to its last word. When its line breaks it goes on over another; sound waits meanwhile.

import { patienceMs } from '../patience';
import { s16le } from '../sound/pcm';
import { flush, type Message, set, start, stop } from '../wire';
import type { Goodbye, Line, Listener } from './line';
import type { Fault } from './state';

/** What a voice asks of the server. */
export type Wish = { source: string; targets: readonly string[]; latency: string; room: string };

/** Where a voice's sound comes from. begin gives blocks of samples until the sound is over. */
export type Sound = {
  rate: number;
  stream?: MediaStream; // of what is live
  begin(hear: (samples: Float32Array) => void): void;
  pause(on: boolean): void; // silence in the place of sound
  finish(): void;
  close(): void;
};

/** Ways to the server. webrtc rejects where it does not lead there, with a TypeError where nobody answers at all. */
type Doors = {
  webrtc?: (stream: MediaStream, wish: Wish, listener: Listener) => Promise<Line>;
  socket: (listener: Listener) => Line;
};

export type Teller = {
  message(message: Message): void;
  via(door: string): void;
  away(fault: Fault): void;
  over(fault: Fault | null): void;
};

const mostHeld = 200; // blocks of 40 ms that wait for a line, of which live sound may have 10 s; the oldest go first
const lastWordsMs = 15000; // for the server to say what is left
const pulseMs = 20000; // the server waits 60 s for sound

export class Voice {
  private line: Line | null = null;
  private byTrack = false; // the line takes the sound as a track
  private closedDoor = false; // WebRTC does not lead to this server
  private started = false; // on this line
  private begun = false; // the sound
  private stopping = false;
  private held: ArrayBuffer[] = [];
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pulse: ReturnType<typeof setInterval> | undefined;
  private over = false;

  constructor(
    private readonly sound: Sound,
    private readonly wish: () => Wish,
    private readonly doors: Doors,
    private readonly tell: Teller,
  ) {}

  /** Calls the server: over WebRTC where sound is live and the server has that door, else over WebSocket. */
  async call(): Promise<void> {
    const listener: Listener = { heard: (m) => this.heard(m), closed: (goodbye) => this.closed(goodbye) };
    const { webrtc } = this.doors;
    if (webrtc && this.sound.stream && !this.closedDoor) {
      const line = await webrtc(this.sound.stream, this.wish(), listener).catch((error) => {
        if (!(error instanceof TypeError)) this.closedDoor = true; // it would not lead there the next time either
        return null;
      });
      if (this.over) return line?.close();
      if (line) return this.take(line, true);
    }
    this.take(this.doors.socket(listener), false);
  }

  /** Asks for other languages. */
  choose(targets: readonly string[]): void {
    if (this.started) this.line?.send(set({ targets: [...targets] }));
  }

  /** Holds the sound. What was heard becomes text, and a recording that stands still says now and then that it is there. */
  pause(on: boolean): void {
    this.sound.pause(on);
    clearInterval(this.pulse);
    if (!on) return;
    if (this.started && !this.byTrack) this.line?.send(flush()); // over WebRTC a pause of the voice is all there is
    if (!this.sound.stream) this.pulse = setInterval(() => this.give(new Float32Array(this.sound.rate / 25)), pulseMs);
  }

  /** Ends the sound well: the server says what is left. */
  finish(): void {
    if (!this.started) return this.close(null);
    if (this.stopping) return;
    this.stopping = true;
    this.sound.finish(); // last is called when all of it has been given
  }

  /** All sound was given: the server says what is left. */
  last(): void {
    if (this.over) return;
    if (!this.started) return this.close(null);
    this.stopping = true;
    this.line?.send(stop());
    this.timer = setTimeout(() => this.close(null), lastWordsMs);
  }

  close(fault: Fault | null): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    clearInterval(this.pulse);
    this.line?.close();
    this.sound.close();
    this.tell.over(fault);
  }

  private take(line: Line, byTrack: boolean): void {
    this.line = line;
    this.byTrack = byTrack;
    this.tell.via(byTrack ? 'WebRTC' : 'WebSocket');
    if (byTrack) this.begin();
  }

  private heard(message: Message): void {
    if (this.over) return;
    if (message.type === 'hello' && !this.byTrack && this.line) {
      const { source, targets, latency, room } = this.wish();
      const live = Boolean(this.sound.stream); // a recording can wait for the server
      this.line.send(start({ source, targets: [...targets], latency, room, rate: this.sound.rate, live }));
    }
    if (message.type !== 'ended') this.tell.message(message); // closed follows
    if (message.type === 'started') this.begin();
  }

  private begin(): void {
    if (this.started) return;
    this.attempt = 0;
    this.started = true;
    for (const block of this.held.splice(0)) if (!this.byTrack) this.line?.send(block);
    if (this.begun) return;
    this.begun = true;
    this.sound.begin((samples) => this.give(samples));
  }

  private give(samples: Float32Array): void {
    if (this.byTrack) return;
    const block = s16le(samples);
    if (this.started) return this.line?.send(block);
    this.held.push(block);
    if (this.held.length > mostHeld) this.held.shift();
  }

  private closed({ fault, again, retryMs }: Goodbye): void {
    if (this.over) return;
    this.started = false;
    this.byTrack = false;
    this.line = null;
    if (!again || !this.begun || this.stopping) return this.close(fault);
    this.tell.away(fault!);
    this.timer = setTimeout(() => void this.call(), patienceMs(this.attempt++, retryMs));
  }
}
