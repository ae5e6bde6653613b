// Wires the page: people and the daemon give events, events change the state, the state is shown.

import { microphone, recording } from './capture.mjs';
import { level, s16le } from './pcm.mjs';
import { mount } from './render.mjs';
import { able, initial, next, running } from './state.mjs';
import { connect, lost, patienceMs } from './socket.mjs';
import { enter } from './token.mjs';
import { address, sentence, set, start, stop } from './wire.mjs';

const server = address(location);
let state = initial;
let voice = null; // the one under way: {sound, socket}
let drawing = 0; // the picture that is asked for

const show = mount(document, {
  listen: () => (running(state) ? end() : begin(microphone)),
  demo: () => begin(example),
  file: play,
  clear: () => tell({ type: 'clear' }),
  source: (source) => tell({ type: 'source', source }),
  target: choose,
  latency: (latency) => tell({ type: 'latency', latency }),
});

function tell(event) {
  state = next(state, event);
  show(state);
}

/** A commit and the draft behind it are shown at once, with the next picture. */
function write(message) {
  state = next(state, message);
  drawing ||= requestAnimationFrame(() => {
    drawing = 0;
    show(state);
  });
}

/** Languages may change while a voice is heard. */
function choose(target, on) {
  const before = state.chosen;
  tell({ type: 'target', target, on });
  if (state.phase === 'listening' && state.chosen !== before) voice.socket.send(set({ targets: state.chosen }));
}

/** Asks the server what it can do, until it answers. */
function reach(attempt = 0) {
  const socket = connect(server, {
    heard(message) {
      if (message.type !== 'hello') return;
      socket.close();
      tell(message);
    },
    closed() {
      tell({ type: 'unreachable', message: 'The server cannot be reached.', hint: 'See whether sotto is running, and where it asks for a token, open this page by a link that has one; it keeps trying.' });
      setTimeout(reach, patienceMs(attempt), attempt + 1);
    },
  });
}

/** Begins a voice on the sound that open gives. */
async function begin(open) {
  if (!able(state)) return;
  const mine = (voice = { sound: null, socket: null });
  tell({ type: 'begin' });
  try {
    const sound = await open(() => finish(mine));
    if (voice !== mine) {
      sound.close(); // cancelled meanwhile
      return;
    }
    mine.sound = sound;
    mine.socket = connect(server, { heard: (message) => hear(mine, message), closed: (fault) => over(mine, fault) });
  } catch (error) {
    over(mine, { message: error.message, hint: error.hint });
  }
}

/** The bundled clip. */
async function example(done) {
  const answer = await fetch('demo.ogg').catch(() => {
    throw lost;
  });
  if (!answer.ok) throw new Error('The server has no example to play.');
  tell({ type: 'source', source: 'es' });
  return recording(await answer.arrayBuffer(), 'The example', done);
}

function play(file) {
  return begin(async (done) => recording(await file.arrayBuffer(), file.name, done));
}

/** Hears the server. Its hello comes first; the voice starts then. */
function hear(mine, message) {
  if (voice !== mine) return;
  if (['ended', 'heard', 'lag', 'gap', 'marker', 'warning'].includes(message.type)) return; // closed follows ended
  if (['commit', 'draft', 'end'].includes(message.type)) return write(message);
  if (message.type === 'refused') return tell({ type: 'refused', message: sentence(message.message), hint: sentence(message.hint ?? '') });
  tell(message);
  const { source, chosen: targets, latency } = state;
  if (message.type === 'hello') mine.socket.send(start({ source, targets, rate: mine.sound.rate, latency }));
  if (message.type === 'started') mine.sound.begin((samples) => send(mine, samples));
}

function send(mine, samples) {
  mine.socket.send(s16le(samples));
  meter(level(samples));
}

/** The sound has ended: the server says what is left. */
function finish(mine) {
  if (voice !== mine) return;
  meter(0);
  mine.socket.send(stop());
  if (state.phase === 'listening') tell({ type: 'stop' });
}

/** Somebody pressed the button: a voice that is heard ends well, any other at once. */
function end() {
  if (state.phase !== 'listening') return over(voice, null);
  tell({ type: 'stop' });
  voice.sound.finish();
}

function over(mine, fault) {
  if (voice !== mine) return;
  voice = null;
  mine.sound?.close();
  mine.socket?.close();
  meter(0);
  tell(fault ? { type: 'fault', ...fault } : { type: 'ended' });
}

const bar = document.getElementById('level');
function meter(share) {
  bar.style.transform = `scaleX(${share})`;
}

document.addEventListener('keydown', ({ key }) => key === 'Escape' && running(state) && end());
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.toggle('dropping', able(state));
});
for (const type of ['dragleave', 'drop']) {
  document.addEventListener(type, () => document.body.classList.remove('dropping'));
}
document.addEventListener('drop', (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length > 0) play(event.dataTransfer.files[0]);
});

show(state);
enter(location, history).then(() => reach());
