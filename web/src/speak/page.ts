// Wires the speaking page: people and the daemon give events, events change the state, the state is shown.

import { at, randomRoom, roomOf, socketAt } from '../address';
import { byId, make, once, put, withNextPicture } from '../dom';
import { patienceMs } from '../patience';
import type { Entry } from '../session';
import { hearsTabs, microphone, microphones, played, recording } from '../sound/capture';
import { meterAfter, still } from '../sound/meter';
import { type Message, sentence } from '../wire';
import { lost } from './line';
import { mount } from './render';
import { share, sharing } from './share';
import { connect } from './socket';
import { type Event, type Fault, initial, able, next, running, type State } from './state';
import { type Sound, Voice, type Wish } from './voice';
import { call } from './webrtc';

type Open = (done: () => void) => Promise<Sound>;

export function speak({ refused, room }: Entry): void {
  let state: State = { ...initial, room: roomOf(location) || remembered(room) };
  let voice: Voice | null = null; // the one under way
  let turn = 0; // counts what was begun, so that what was cancelled is known
  const useWebRTC = new URLSearchParams(location.search).get('via') !== 'websocket';

  const show = mount({
    listen: () => (running(state) ? end() : begin(hearing)),
    pause,
    demo: () => begin(example),
    file: play,
    clear: () => tell({ type: 'clear' }),
    source: (source) => tell({ type: 'source', source }),
    target: choose,
    latency: (latency) => tell({ type: 'latency', latency }),
    room: (room) => tell({ type: 'room', room }),
  });
  const draw = withNextPicture(() => show(state));

  function tell(event: Event | Message): void {
    state = next(state, event);
    if (event.type === 'room') share(state.room);
    // A commit and the draft behind it are shown at once, with the next picture.
    if (['commit', 'draft', 'end', 'heard', 'lag'].includes(event.type)) draw();
    else show(state);
  }

  /** Languages may change while a voice is heard. */
  function choose(target: string, on: boolean): void {
    const before = state.chosen;
    tell({ type: 'target', target, on });
    if (state.phase === 'listening' && state.chosen !== before) voice?.choose(state.chosen);
  }

  function pause(): void {
    tell({ type: 'pause', paused: !state.paused });
    voice?.pause(state.paused);
  }

  /** Asks the server what it can do, until it answers. */
  function reach(attempt = 0): void {
    const line = connect(socketAt('v1/stream'), {
      heard(message) {
        if (message.type !== 'hello') return;
        line.close();
        tell(message);
      },
      closed({ fault, retryMs }) {
        void (fault === lost ? why() : Promise.resolve(fault!)).then((told) => tell({ type: 'unreachable', fault: told }));
        setTimeout(reach, patienceMs(attempt, retryMs), attempt + 1);
      },
    });
  }

  /** Begins a voice on the sound that open gives. */
  async function begin(open: Open): Promise<void> {
    if (!able(state) || running(state)) return;
    const mine = ++turn;
    tell({ type: 'begin' });
    try {
      const sound = await open(() => mine === turn && last());
      if (mine !== turn) return sound.close(); // cancelled meanwhile
      void showDevices();
      voice = new Voice(metered(sound, () => state.paused), wish, doors(), {
        message: (message) => mine === turn && tell(told(message)),
        via: (via) => mine === turn && tell({ type: 'via', via }),
        away: (fault) => mine === turn && tell({ type: 'away', fault }),
        over: (fault) => mine === turn && over(fault),
      });
      await voice.call();
    } catch (error) {
      const { message, hint } = error as Error & { hint?: string };
      if (mine === turn) over({ message, hint: hint ?? '' });
    }
  }

  const wish = (): Wish => ({ source: state.source, targets: state.chosen, latency: state.latency, room: state.room });

  const doors = () => ({
    webrtc: useWebRTC ? (stream: MediaStream, w: Wish, listener: Parameters<typeof call>[2]) => call(stream, whip(w), listener) : undefined,
    socket: (listener: Parameters<typeof connect>[1]) => connect(socketAt('v1/stream'), listener),
  });

  const hearing: Open = (done) => {
    const { value } = byId<HTMLSelectElement>('device');
    return value === 'played' ? played(done) : microphone(value, done);
  };

  /** The bundled clip. */
  const example: Open = async (done) => {
    const answer = await fetch(at('demo.ogg')).catch(() => Promise.reject(Object.assign(new Error(lost.message), lost)));
    if (!answer.ok) throw new Error('The server has no example to play.');
    tell({ type: 'source', source: 'es' });
    return recording(await answer.arrayBuffer(), 'The example', done);
  };

  function play(file: File): void {
    void begin(async (done) => recording(await file.arrayBuffer(), file.name, done));
  }

  /** The sound has ended: the server says what is left. */
  function last(): void {
    clearMeter();
    if (state.phase === 'listening') tell({ type: 'stop' });
    voice?.last();
  }

  /** Somebody pressed the button: a voice that is heard ends well, any other at once. */
  function end(): void {
    if (state.phase !== 'listening') return voice ? voice.close(null) : over(null);
    tell({ type: 'stop' });
    voice?.finish();
  }

  function over(fault: Fault | null): void {
    turn++;
    voice = null;
    clearMeter();
    tell(fault ? { type: 'fault', fault } : { type: 'ended' });
  }

  document.addEventListener('keydown', ({ key, target }) => key === 'Escape' && running(state) && !(target as Element).closest('.text, select, input') && end());
  acceptDrops(() => able(state) && !running(state), play);
  void showDevices();
  navigator.mediaDevices?.addEventListener('devicechange', () => void showDevices());
  sharing(() => state.room);
  share(state.room);
  if (refused) state = { ...state, fault: { message: refused, hint: 'Open the page by the link you were given.' } };
  show(state);
  reach();
}

const whip = ({ source, targets, latency, room }: Wish): string =>
  at(`whip/${encodeURIComponent(room)}?${new URLSearchParams({ source, targets: targets.join(), latency })}`);

/** Why a line does not open. A browser says so of requests alone. */
async function why(): Promise<Fault> {
  const { status = 0 } = (await fetch(at('v1/models')).catch(() => null)) ?? {};
  if (status === 401 || status === 403) return { message: 'The server asks for a token.', hint: 'Open this page by a link that has one.' };
  if (status === 503) return { message: 'The server is not ready yet.', hint: 'This page keeps trying.' };
  return { message: 'The server cannot be reached.', hint: 'See whether sotto is running; this page keeps trying.' };
}

/** What the server refuses is said in sentences. */
const told = (message: Message): Message =>
  message.type === 'refused' || message.type === 'warning' ? { ...message, message: sentence(message.message) } : message;

/** The room that a token is for; else this tab's, which stays the same when the page is loaded again. */
function remembered(granted: string): string {
  try {
    const room = granted || (sessionStorage.getItem('room') ?? randomRoom());
    sessionStorage.setItem('room', room);
    return room;
  } catch {
    return granted || randomRoom();
  }
}

/** Shows how loud a sound is while it is heard. Nothing is wrong with the silence of a pause. */
function metered(sound: Sound, paused: () => boolean): Sound {
  let meter = still;
  return {
    ...sound,
    begin: (hear) =>
      sound.begin((samples) => {
        meter = meterAfter(meter, samples, sound.rate);
        showMeter(meter.level, paused() ? '' : meter.hint);
        hear(samples);
      }),
  };
}

function showMeter(level: number, hint: string): void {
  byId('level').style.transform = `scaleX(${level})`;
  put(byId('hint'), hint);
}

const clearMeter = (): void => showMeter(0, '');

/** The microphones to choose from, and what is played where the browser can give it. */
async function showDevices(): Promise<void> {
  const list = byId<HTMLSelectElement>('device');
  const found = await microphones();
  const chosen = list.value;
  once(list, found.map(({ deviceId, label }) => deviceId + label).join(), () => [
    make('option', { value: '' }, 'The usual microphone'),
    ...found.filter(({ deviceId }) => deviceId !== 'default').map(({ deviceId, label }, i) => make('option', { value: deviceId }, label || `Microphone ${i + 1}`)),
    ...(hearsTabs() ? [make('option', { value: 'played' }, 'What a tab or this computer plays')] : []),
  ]);
  list.value = [...list.options].some(({ value }) => value === chosen) ? chosen : '';
}

function acceptDrops(allowed: () => boolean, play: (file: File) => void): void {
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    document.body.classList.toggle('dropping', allowed());
  });
  for (const type of ['dragleave', 'drop']) document.addEventListener(type, () => document.body.classList.remove('dropping'));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) play(file);
  });
}
