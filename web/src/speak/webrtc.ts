// A line over WebRTC: the sound as a track by WHIP (RFC 9725), messages on a data channel.

import { type Line, listen, type Listener } from './line';

const patienceMs = 5000; // for the connection to stand
const cutMs = 3000; // that a connection may be cut, beyond what the browser waits before it says so
const gatheringMs = 500; // for addresses of this machine; a server that many reach needs none of them

/** Calls the door at address. Rejects where the connection does not stand in time: another door may serve then. */
export async function call(stream: MediaStream, address: string, listener: Listener): Promise<Line> {
  const peer = new RTCPeerConnection();
  const channel = peer.createDataChannel('captions');
  let resource = '';
  const { text, gone, close } = listen(listener, () => {
    peer.close();
    if (resource) void fetch(resource, { method: 'DELETE', keepalive: true }).catch(() => {});
  });
  channel.onmessage = ({ data }) => text(data);
  try {
    for (const track of stream.getAudioTracks()) peer.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
    resource = await offer(peer, address);
    await within(patienceMs, (done) => (channel.onopen = done));
  } catch (error) {
    close();
    throw error;
  }
  channel.onclose = () => gone(1006);
  let timer: ReturnType<typeof setTimeout>;
  peer.onconnectionstatechange = () => {
    clearTimeout(timer);
    if (peer.connectionState === 'failed') gone(1006);
    if (peer.connectionState === 'disconnected') timer = setTimeout(gone, cutMs, 1006);
  };
  return { send: (data) => channel.readyState === 'open' && typeof data === 'string' && channel.send(data), close };
}

/** Trades descriptions with the server, and returns the address at which the session ends. */
async function offer(peer: RTCPeerConnection, address: string): Promise<string> {
  await peer.setLocalDescription();
  await within(gatheringMs, (done) => {
    peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && done();
  }).catch(() => {});
  const answer = await fetch(address, {
    method: 'POST',
    headers: { 'Content-Type': 'application/sdp' },
    body: peer.localDescription!.sdp,
    signal: AbortSignal.timeout(patienceMs),
  });
  if (answer.status !== 201) throw new Error(`the server answers ${answer.status}`);
  await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  return new URL(answer.headers.get('Location') ?? '', answer.url).href;
}

function within(ms: number, wait: (done: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('it took too long')), ms);
    wait(() => (clearTimeout(timer), resolve()));
  });
}
