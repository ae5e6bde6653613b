// Where sound comes from: the microphone, or a recording that is also played aloud. Both are tapped by the worklet.
//
// A sound has a rate, begin(hear) and finish(). hear gets 40 ms of samples at a time; after finish or the recording's
// end it gets the rest, and done is called. close gives everything back at once.

/** Opens the microphone. Rejects with {message, hint}. */
export async function microphone(done) {
  if (!navigator.mediaDevices) {
    throw told('The browser gives the microphone to safe pages only.', 'Open the page as http://127.0.0.1 or over HTTPS.');
  }
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false } });
  } catch (error) {
    throw refusals[error.name] ?? told(`The microphone cannot be opened (${error.name}).`, 'Close other programs that use it, then try again.');
  }
  const release = () => stream.getTracks().forEach((track) => track.stop());
  try {
    const context = await running();
    const sound = await tap(context, context.createMediaStreamSource(stream), { done, release });
    stream.getAudioTracks()[0].onended = sound.finish; // unplugged
    return sound;
  } catch (error) {
    release();
    throw error;
  }
}

/** Opens a recording's bytes; name is for messages. Rejects with {message, hint}. */
export async function recording(bytes, name, done) {
  const context = await running();
  let buffer;
  try {
    buffer = await context.decodeAudioData(bytes);
  } catch {
    context.close();
    throw told(`${name} holds no sound this browser can read.`, 'Try WAV, FLAC, MP3 or Ogg; "sotto translate" reads more.');
  }
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  const sound = await tap(context, source, { done, release: () => source.disconnect() });
  source.onended = sound.finish;
  return { ...sound, begin: (hear) => (sound.begin(hear), source.start()) };
}

const told = (message, hint) => Object.assign(new Error(message), { hint });

const refusals = {
  NotAllowedError: told('The microphone was not allowed.', "Allow it beside the browser's address bar, then start again."),
  NotFoundError: told('There is no microphone.', 'Plug one in, or open a file.'),
};

/** A running audio context. Browsers let one run only after a click or a key. */
async function running() {
  const context = new AudioContext();
  await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, 500))]);
  if (context.state === 'running') return context;
  context.close();
  throw told('The browser wants a click before it plays sound.', 'Click anywhere on the page, then try again.');
}

/** Leads source through the worklet. */
async function tap(context, source, { done, release }) {
  await context.audioWorklet.addModule('worklet.mjs');
  const node = new AudioWorkletNode(context, 'tap', { numberOfOutputs: 0 });
  let over = false;
  const close = () => {
    if (over) return;
    over = true;
    release();
    context.close();
  };
  return {
    rate: context.sampleRate,
    begin(hear) {
      node.port.onmessage = ({ data }) => {
        if (over) return;
        if (data.length > 0) return hear(data);
        close();
        done();
      };
      source.connect(node);
    },
    finish: () => node.port.postMessage('finish'),
    close,
  };
}
