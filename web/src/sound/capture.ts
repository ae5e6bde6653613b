// Where sound comes from: a microphone, what a tab or the machine plays, or a recording that is also played aloud. Each is
// led through the worklet, at the rate the browser has; the server resamples.

import { at } from '../address';
import type { Sound } from '../speak/voice';

/** An error for people, with what to do. */
class Told extends Error {
  constructor(message: string, readonly hint: string) {
    super(message);
  }
}

/** The microphones there are. They have names only once one of them was allowed. */
export async function microphones(): Promise<MediaDeviceInfo[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  return devices.filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId !== '');
}

const asItIs = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/** Opens a microphone, the usual one where none is named. done is called when its sound is over. */
export async function microphone(device: string, done: () => void): Promise<Sound> {
  const audio = { ...asItIs, ...(device && { deviceId: { exact: device } }) };
  return live(await allowed((media) => media.getUserMedia({ audio })), done);
}

/** Whether this browser can hear what a tab plays. Phones cannot. */
export const hearsTabs = (): boolean => Boolean(navigator.mediaDevices?.getDisplayMedia);

/** Opens the sound of a tab or of the machine, which the browser lets people choose. */
export async function played(done: () => void): Promise<Sound> {
  const asked = { video: true, audio: { ...asItIs, suppressLocalAudioPlayback: false }, systemAudio: 'include' };
  const stream = await allowed((media) => media.getDisplayMedia(asked as DisplayMediaStreamOptions));
  for (const picture of stream.getVideoTracks()) picture.stop();
  if (stream.getAudioTracks().length > 0) return live(new MediaStream(stream.getAudioTracks()), done);
  throw new Told('What was chosen came without its sound.', 'Choose a tab, and switch its sound on where the browser asks.');
}

/** Opens a recording's bytes; name is for messages. */
export async function recording(bytes: ArrayBuffer, name: string, done: () => void): Promise<Sound> {
  const context = await runningContext();
  let buffer: AudioBuffer;
  try {
    buffer = await context.decodeAudioData(bytes);
  } catch {
    void context.close();
    throw new Told(`${name} holds no sound this browser can read.`, 'Try WAV, FLAC, MP3 or Ogg; "sotto translate" reads more.');
  }
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  const sound = await tap(context, source, done, () => source.disconnect());
  source.onended = sound.finish;
  const pause = (on: boolean): void => void (on ? context.suspend() : context.resume());
  const finish = (): void => (pause(false), sound.finish());
  return { ...sound, pause, finish, begin: (hear) => (sound.begin(hear), source.start()) };
}

async function allowed(ask: (media: MediaDevices) => Promise<MediaStream>): Promise<MediaStream> {
  if (!navigator.mediaDevices) {
    throw new Told('The browser gives the microphone to safe pages only.', 'Open the page as http://127.0.0.1 or over HTTPS.');
  }
  try {
    return await ask(navigator.mediaDevices);
  } catch (error) {
    const { name } = error as DOMException;
    throw refusals[name] ?? new Told(`The sound cannot be opened (${name}).`, 'Close other programs that use it, then try again.');
  }
}

const refusals: Record<string, Told> = {
  NotAllowedError: new Told('The sound was not allowed.', "Allow it beside the browser's address bar, then start again."),
  NotFoundError: new Told('There is no microphone.', 'Plug one in, or open a recording.'),
  OverconstrainedError: new Told('That microphone is gone.', 'Choose another one.'),
};

async function live(stream: MediaStream, done: () => void): Promise<Sound> {
  const tracks = stream.getAudioTracks();
  const release = () => tracks.forEach((track) => track.stop());
  try {
    const context = await runningContext();
    const sound = await tap(context, context.createMediaStreamSource(stream), done, release);
    for (const track of tracks) track.onended = sound.finish; // unplugged, or no longer shared
    return { ...sound, stream, pause: (on) => tracks.forEach((track) => (track.enabled = !on)) };
  } catch (error) {
    release();
    throw error;
  }
}

/** Browsers let an audio context run only after a click or a key. */
async function runningContext(): Promise<AudioContext> {
  const context = new AudioContext();
  await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, 500))]);
  if (context.state === 'running') return context;
  void context.close();
  throw new Told('The browser wants a click before it plays sound.', 'Click anywhere on the page, then try again.');
}

/** Leads source through the worklet. */
async function tap(context: AudioContext, source: AudioNode, done: () => void, release: () => void): Promise<Omit<Sound, 'pause'>> {
  await context.audioWorklet.addModule(at('worklet.js'));
  const node = new AudioWorkletNode(context, 'tap', { numberOfOutputs: 0 });
  let over = false;
  const close = () => {
    if (over) return;
    over = true;
    release();
    void context.close();
  };
  return {
    rate: context.sampleRate,
    begin(hear) {
      node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
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
