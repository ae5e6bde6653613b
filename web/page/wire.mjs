// The messages of the daemon's protocol; transport/wire/PROTOCOL.md says when each is sent.

/** The address of the door on the server that gave us this page. */
export function address(location) {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${location.host}/v1/stream`;
}

/** The message that begins a voice; what is not named takes the protocol's default. */
export function start({ source, targets, transcribe, format, rate, channels, latency }) {
  return JSON.stringify({ type: 'start', source, targets, transcribe, format, rate, channels, latency });
}

/** The message that changes the languages in mid-voice. */
export function set({ targets, transcribe }) {
  return JSON.stringify({ type: 'set', targets, transcribe });
}

/** The message that ends a voice. */
export function stop() {
  return JSON.stringify({ type: 'stop' });
}

const word = { text: 'string', start_ms: 'number', end_ms: 'number', evidence: 'number' };
const place = { segment: 'number', language: 'string', heard_ms: 'number' };
const answer = { code: 'string', message: 'string' };
const required = {
  hello: { model: 'string' },
  started: {},
  heard: { heard_ms: 'number' },
  lag: { behind_ms: 'number', level: 'number' },
  gap: { lost_ms: 'number', heard_ms: 'number', cause: 'string' },
  marker: { id: 'string', heard_ms: 'number' },
  warning: answer,
  commit: { ...place, text: 'string', words: [word] },
  draft: { ...place, text: 'string' },
  end: place,
  ended: {},
  refused: answer,
  error: answer,
};

/** Reads a server's message. Throws on what is none. */
export function parse(text) {
  const message = JSON.parse(text);
  const fields = Object.hasOwn(required, message?.type) ? required[message.type] : undefined;
  if (!fields) throw new Error('a message of unknown type');
  check(message, fields, message.type);
  return message;
}

function check(value, fields, what) {
  for (const [name, type] of Object.entries(fields)) {
    if (!Array.isArray(type)) {
      if (typeof value?.[name] !== type) throw new Error(`a ${what} without ${name}`);
      continue;
    }
    if (!Array.isArray(value[name])) throw new Error(`a ${what} without ${name}`);
    for (const element of value[name]) check(element, type[0], `${what} of ${name}`);
  }
}

/** The server speaks in clauses; on a page they stand as sentences. */
export function sentence(clause) {
  if (clause === '') return '';
  const text = clause[0].toUpperCase() + clause.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
