// Shows how loud a microphone is, so that people see that it hears them.
import { loudness } from './loudness.ts';

const INTERVAL_MS = 100;
const SAMPLES = 1024;

export class LevelMeter {
  readonly #meter: HTMLMeterElement;
  #context: AudioContext | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(meter: HTMLMeterElement) {
    this.#meter = meter;
  }

  show(track: MediaStreamTrack | undefined): void {
    this.stop();
    if (track === undefined) return;
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: SAMPLES });
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    // Browsers keep sound asleep until the first click or key.
    void context.resume();
    const samples = new Float32Array(SAMPLES);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      // Falls slowly, so that single words are seen.
      this.#meter.value = Math.max(loudness(samples), this.#meter.value - 0.08);
    }, INTERVAL_MS);
    this.#context = context;
  }

  stop(): void {
    clearInterval(this.#timer);
    void this.#context?.close();
    this.#context = undefined;
    this.#meter.value = 0;
  }
}
