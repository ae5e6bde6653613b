// The messages of the daemon's protocol; transport/wire/PROTOCOL.md says when each is sent.

/** The address of the door on the server that gave us this page. */
export function address(location) {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${location.host}/v1/stream`;
}

/** The message that begins a voice; what is not named takes the protocol's default. */
export function start({ source, targets, transcribe, format, rate, channels }) {
  return JSON.stringify({ type: 'start', source, targets, transcribe, format, rate, channels });
}

/** The message that ends a voice. */
export function stop() {
  return JSON.stringify({ type: 'stop' });
}

const caption = { segment: 'number', language: 'string', text: 'string', start_ms: 'number', end_ms: 'number' };
const required = {
  ready: { model: 'string' },
  started: {},
  commit: caption,
  draft: caption,
  ended: {},
  error: { code: 'string', message: 'string' },
};

/** Reads a server's message. Throws on what is none. */
export function parse(text) {
  const message = JSON.parse(text);
  const fields = Object.hasOwn(required, message?.type) ? required[message.type] : undefined;
  if (!fields) throw new Error('a message of unknown type');
  for (const [name, type] of Object.entries(fields)) {
    if (typeof message[name] !== type) throw new Error(`a ${message.type} message without ${name}`);
  }
  return message;
}

/** The server speaks in clauses; on a page they stand as sentences. */
export function sentence(clause) {
  if (clause === '') return '';
  const text = clause[0].toUpperCase() + clause.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
