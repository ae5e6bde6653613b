// Runs on the browser's audio thread: mixes to one channel, collects 40 ms, posts them, decides nothing.

declare const sampleRate: number;
declare function registerProcessor(name: string, processor: unknown): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

class Tap extends AudioWorkletProcessor {
  private readonly block = new Float32Array(Math.round(sampleRate / 25));
  private filled = 0;

  constructor() {
    super();
    this.port.onmessage = () => {
      if (this.filled > 0) this.post();
      this.post(); // an empty block: that was all
    };
  }

  process([channels]: Float32Array[][]): boolean {
    if (!channels || channels.length === 0) return true;
    for (let i = 0; i < channels[0]!.length; i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i]!;
      this.block[this.filled++] = sum / channels.length;
      if (this.filled === this.block.length) this.post();
    }
    return true;
  }

  private post(): void {
    this.port.postMessage(this.block.slice(0, this.filled));
    this.filled = 0;
  }
}

registerProcessor('tap', Tap);
