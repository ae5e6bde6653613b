// What Deepgram's JavaScript SDK makes of a recording: client.cjs ADDRESS < 16 kHz, 16-bit.
const fs = require("fs");
const { DeepgramClient } = require("@deepgram/sdk");

const address = process.argv[2], sound = fs.readFileSync(0);
const base = "http" + address.slice(2);
const client = new DeepgramClient({ apiKey: "none", environment: { base, production: address, agent: address, agentRest: base } });

async function hear(sound, finalize, options) {
  const heard = { classes: [], final: [], drafts: 0, words: [], errors: [], finalized: 0, metadata: null, utterances: [], started: [] };
  const stream = await client.listen.v1.connect({
    model: "nova-3", encoding: "linear16", sample_rate: 16000, shouldReconnect: () => false, ...options,
  });
  const closed = new Promise((resolve) => stream.on("close", resolve));
  stream.on("error", (e) => heard.errors.push(e.message));
  stream.on("message", (m) => {
    heard.classes.push(m.type);
    if (m.type === "Results") {
      const best = m.channel.alternatives[0];
      heard.drafts += !m.is_final;
      heard.finalized += !!m.from_finalize;
      if (m.is_final && best.transcript) {
        heard.final.push(best.transcript);
        heard.words.push(...best.words.map((w) => [w.punctuated_word, w.start, w.end, w.confidence]));
      }
    } else if (m.type === "UtteranceEnd") heard.utterances.push(m.last_word_end);
    else if (m.type === "SpeechStarted") heard.started.push(m.timestamp);
    else if (m.type === "Metadata") heard.metadata = [m.duration, m.channels, m.request_id, m.sha256];
  });
  stream.connect();
  await stream.waitForOpen();
  stream.sendKeepAlive({ type: "KeepAlive" });
  for (let at = 0; at < sound.length; at += 8000) stream.sendMedia(sound.subarray(at, at + 8000));
  if (finalize) stream.sendFinalize({ type: "Finalize" });
  stream.sendCloseStream({ type: "CloseStream" });
  const end = await closed;
  heard.classes = [...new Set(heard.classes)].sort();
  return { ...heard, code: end.code };
}

(async () => {
  console.log(JSON.stringify({
    version: JSON.parse(fs.readFileSync(require.resolve("@deepgram/sdk").replace(/dist.*/, "package.json"))).version,
    spanish: await hear(sound, false, { language: "es", punctuate: "true", interim_results: "true", utterance_end_ms: 1000, vad_events: "true" }),
    english: await hear(sound, false, { queryParams: { target_language: "en" } }),
    finalized: await hear(sound.subarray(0, (2 * 16000 * 9) / 5), true, {}),
  }));
  process.exit(0);
})();
