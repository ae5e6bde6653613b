// OpenAI's own JavaScript client, with nothing changed but the address.
//
//     node client.cjs BASE_URL RECORDING
//
// prints what it got as one JSON object.
'use strict';

const fs = require('node:fs');
const OpenAI = require('openai');

const [baseURL, recording] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });

const sound = () => fs.createReadStream(recording);
const transcribe = (options) => client.audio.transcriptions.create({ file: sound(), model: 'whisper-1', ...options });
const translate = (options) => client.audio.translations.create({ file: sound(), model: 'whisper-1', ...options });

function verbose(reply) {
  return {
    language: reply.language,
    duration: reply.duration,
    text: reply.text,
    words: (reply.words ?? []).map((w) => [w.word, w.start, w.end]),
    segments: (reply.segments ?? []).map((s) => [s.text, s.start, s.end, s.avg_logprob, s.no_speech_prob]),
  };
}

async function stream() {
  const events = [];
  for await (const e of await client.audio.transcriptions.create({ file: sound(), model: 'gpt-4o-transcribe', stream: true })) {
    events.push(e);
  }
  return {
    deltas: events.slice(0, -1).map((e) => e.delta),
    types: [...new Set(events.map((e) => e.type))].sort(),
    text: events.at(-1).text,
  };
}

async function refused(call) {
  try {
    await call();
  } catch (e) {
    if (e instanceof OpenAI.APIError && e.status) return [e.status, e.code, e.param];
    throw e;
  }
  return null;
}

const refusedFile = async (name, data) =>
  refused(async () => client.audio.transcriptions.create({ file: await OpenAI.toFile(data, name), model: 'whisper-1' }));

async function ids(page) {
  const all = [];
  for await (const m of page) all.push(m.id);
  return all;
}

async function main() {
  return {
    version: require('openai/version').VERSION,
    models: await ids(client.models.list()),
    model: (await client.models.retrieve('whisper-1')).id,
    json: (await transcribe({ language: 'es', prompt: 'a call', temperature: 0 })).text,
    text: await transcribe({ response_format: 'text' }),
    srt: await transcribe({ response_format: 'srt' }),
    vtt: await transcribe({ response_format: 'vtt' }),
    verbose: verbose(await transcribe({ response_format: 'verbose_json', timestamp_granularities: ['word', 'segment'] })),
    stream: await stream(),
    translation: (await translate({})).text,
    translation_text: await translate({ response_format: 'text' }),
    translation_srt: await translate({ response_format: 'srt' }),
    translation_verbose: verbose(await translate({ response_format: 'verbose_json' })),
    german: (await translate({ target_language: 'de' })).text,
    refused: {
      language: await refused(() => transcribe({ language: 'xx' })),
      target: await refused(() => translate({ target_language: 'ja' })),
      format: await refused(() => transcribe({ response_format: 'diarized_json' })),
      model: await refused(() => client.audio.transcriptions.create({ file: sound(), model: 'tts-1' })),
      sound: await refusedFile('voice.wav', Buffer.from('RIFF0000WAVE, but not really')),
      big: await refusedFile('voice.wav', Buffer.alloc(26 << 20)),
      'no model': await refused(() => client.models.retrieve('tts-1')),
    },
  };
}

main().then(
  (all) => console.log(JSON.stringify(all)),
  (e) => {
    console.error(e);
    process.exit(1);
  },
);
