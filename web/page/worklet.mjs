// Runs on the browser's audio thread: mixes to one channel, collects 40 ms, posts them, decides nothing.

class Tap extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(Math.round(sampleRate / 25));
    this.filled = 0;
    this.port.onmessage = () => {
      if (this.filled > 0) this.post();
      this.post(); // an empty block: that was all
    };
  }

  process([channels]) {
    if (channels.length === 0) return true;
    for (let i = 0; i < channels[0].length; i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.block[this.filled++] = sum / channels.length;
      if (this.filled === this.block.length) this.post();
    }
    return true;
  }

  post() {
    this.port.postMessage(this.block.slice(0, this.filled));
    this.filled = 0;
  }
}

registerProcessor('tap', Tap);
