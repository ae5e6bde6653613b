// OpenAI's own JavaScript client, with nothing changed but the address. It speaks
// TLS alone.
//
//     node client.cjs BASE_URL SOUND
//
// streams SOUND, 16-bit samples of one channel at 24 kHz, and prints what it got as
// one JSON object.
'use strict';

const fs = require('node:fs');
const OpenAI = require('openai');
const { OpenAIRealtimeWS } = require('openai/realtime/ws');
const { OpenAIRealtimeWebSocket } = require('openai/realtime/websocket');

globalThis.WebSocket ??= require('ws').WebSocket; // where node has none of its own

const [baseURL, name] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
const sound = fs.readFileSync(name);

function* pieces(size) {
  for (let at = 0; at < sound.length; at += size) yield sound.subarray(at, at + size).toString('base64');
}

// opened resolves when a socket of either kind is open.
const opened = (socket) =>
  new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });

async function translate(Client, session, key) {
  const events = [];
  const with_ = key === undefined ? client : new OpenAI({ baseURL, apiKey: key, maxRetries: 0, dangerouslyAllowBrowser: true });
  const rt = new Client({ model: 'gpt-realtime-translate' }, with_);
  const closed = new Promise((resolve) => rt.socket.addEventListener('close', resolve));
  rt.on('event', (e) => events.push(e));
  rt.on('error', () => {});
  await opened(rt.socket);
  if (session) rt.send({ type: 'session.update', session });
  for (const audio of pieces(9600)) rt.send({ type: 'session.input_audio_buffer.append', audio });
  rt.send({ type: 'session.close' });
  const { code } = await closed;
  const text = (type) => events.filter((e) => e.type === type).map((e) => e.delta).join('');
  return {
    code,
    protocol: rt.socket.protocol,
    types: [...new Set(events.map((e) => e.type))],
    output: text('session.output_transcript.delta'),
    input: text('session.input_transcript.delta'),
    errors: events.filter((e) => e.type === 'error').map((e) => e.error.message),
  };
}

async function transcribe() {
  const events = [];
  const rt = new OpenAIRealtimeWS({ model: 'gpt-4o-transcribe' }, client);
  rt.on('error', () => {});
  await opened(rt.socket);
  rt.send({
    type: 'session.update',
    session: { type: 'transcription', audio: { input: { transcription: { model: 'gpt-4o-transcribe' }, turn_detection: null } } },
  });
  const done = new Promise((resolve) => rt.on('conversation.item.input_audio_transcription.completed', resolve));
  rt.on('event', (e) => events.push(e));
  for (const audio of pieces(4800)) rt.send({ type: 'input_audio_buffer.append', audio });
  rt.send({ type: 'input_audio_buffer.commit' });
  const completed = [(await done).transcript];
  rt.close();
  return {
    deltas: events.filter((e) => e.type === 'conversation.item.input_audio_transcription.delta').map((e) => e.delta).join(''),
    completed,
  };
}

async function main() {
  const secret = await client.realtime.clientSecrets.create({ session: { type: 'transcription' } });
  const key = await client.post('/realtime/translations/client_secrets', {
    body: { session: { model: 'gpt-realtime-translate', audio: { output: { language: 'fr' } } } },
  });
  const german = { audio: { output: { language: 'de' }, input: { transcription: { model: 'gpt-4o-transcribe' } } } };
  return {
    version: require('openai/version').VERSION,
    german: await translate(OpenAIRealtimeWS, german),
    french: await translate(OpenAIRealtimeWebSocket, null, key.value),
    manual: await transcribe(),
    secret: [secret.value.slice(0, 3), secret.session.type],
  };
}

main().then(
  (all) => {
    console.log(JSON.stringify(all));
    process.exit(0);
  },
  (e) => {
    console.error(e);
    process.exit(1);
  },
);
