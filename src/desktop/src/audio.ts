/** Sounds made and measured in the browser: the ring tone and the level of a voice. */

import { playTo } from './devices';

/** The ring: two short warm tones every two seconds, until it is stopped. */
export class RingTone {
  #sound: AudioContext | null = null;
  #device = '';
  #next: ReturnType<typeof setTimeout> | undefined;

  /** Whether the browser keeps us silent until the agent clicks or presses a key. */
  get blocked(): boolean {
    return this.#sound?.state === 'suspended';
  }

  /** Make the sound ready; called again on the first click, when the browser allows it. */
  async wake(): Promise<void> {
    this.#sound ??= new AudioContext();
    if (this.#sound.state === 'suspended') await Promise.race([this.#sound.resume(), new Promise((done) => setTimeout(done, 200))]);
  }

  async useDevice(device: string): Promise<void> {
    this.#device = device;
    if (this.#sound) await playTo(this.#sound, device);
  }

  start(): void {
    if (this.#next !== undefined) return;
    void this.wake().then(() => this.#sound && playTo(this.#sound, this.#device));
    const again = () => {
      this.once();
      this.#next = setTimeout(again, 2000);
    };
    this.#next = setTimeout(again, 0);
  }

  stop(): void {
    clearTimeout(this.#next);
    this.#next = undefined;
  }

  once(): void {
    const sound = this.#sound;
    if (sound?.state !== 'running') return void this.wake();
    for (const [pitch, after] of [[659, 0], [880, 0.22]] as const) play(sound, pitch, after, 0.18);
  }

  /** The zip tone: one short high tone before a call that is answered without a hand. */
  zip(): void {
    void this.wake().then(() => this.#sound?.state === 'running' && play(this.#sound, 1175, 0, 0.12));
  }
}

function play(sound: AudioContext, pitch: number, after: number, seconds: number): void {
  const tone = new OscillatorNode(sound, { type: 'triangle', frequency: pitch });
  const gain = new GainNode(sound, { gain: 0 });
  const at = sound.currentTime + 0.02 + after;
  gain.gain.setTargetAtTime(0.22, at, 0.01);
  gain.gain.setTargetAtTime(0, at + seconds, 0.06);
  tone.connect(gain).connect(sound.destination);
  tone.start(at);
  tone.stop(at + seconds + 0.42);
}

/** How loud a stream is right now. It measures a copy, so that a muted microphone still shows who speaks. */
export class LevelMeter {
  #sound = new AudioContext();
  #listening: AnalyserNode;
  #copy: MediaStream;
  #samples: Float32Array<ArrayBuffer>;

  constructor(stream: MediaStream) {
    this.#copy = new MediaStream(stream.getAudioTracks().map((track) => track.clone()));
    for (const track of this.#copy.getTracks()) track.enabled = true;
    this.#listening = new AnalyserNode(this.#sound, { fftSize: 1024 });
    this.#samples = new Float32Array(this.#listening.fftSize);
    this.#sound.createMediaStreamSource(this.#copy).connect(this.#listening);
    void this.#sound.resume().catch(() => undefined);
  }

  /** 0 is silence (60 dB under full scale), 1 is as loud as it gets. */
  level(): number {
    this.#listening.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    return levelOf(Math.sqrt(sum / this.#samples.length));
  }

  close(): void {
    for (const track of this.#copy.getTracks()) track.stop();
    void this.#sound.close();
  }
}

/** Turn a root mean square of samples (0 to 1) into a level that moves as loudness is felt. */
export function levelOf(rms: number): number {
  return rms <= 0 ? 0 : Math.min(1, Math.max(0, 1 + Math.log10(rms) / 3));
}
