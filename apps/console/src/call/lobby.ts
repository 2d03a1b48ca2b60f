// Before the call: a name, devices to choose, a picture and a level to see that they work.
import type { CaptureFailure, MediaSource } from '@millrace/rooms-client';
import { element } from '../page/element.ts';
import type { Capture, Device } from './capture.ts';
import { captureWords } from './capture-words.ts';
import { DeviceChoice } from './device-choice.ts';
import { LevelMeter } from './level-meter.ts';

const NAME_KEY = 'millrace.call.name';
const MAX_NAME_LENGTH = 64;

export class Lobby {
  readonly #capture: Capture;
  readonly #section = element('lobby');
  readonly #preview = element<HTMLVideoElement>('preview');
  readonly #name = element<HTMLInputElement>('name');
  readonly #join = element<HTMLButtonElement>('join');
  readonly #meter = new LevelMeter(element<HTMLMeterElement>('level'));
  readonly #choices: Readonly<Record<Device, DeviceChoice>>;
  readonly #problems = new Map<MediaSource, string>();

  constructor(capture: Capture, join: (name: string) => void) {
    this.#capture = capture;
    const choice = (device: Device): DeviceChoice =>
      new DeviceChoice(element<HTMLSelectElement>(`${device}-choice`), device, (id) => void capture.start(device, id));
    this.#choices = { microphone: choice('microphone'), camera: choice('camera') };
    this.#name.maxLength = MAX_NAME_LENGTH;
    this.#name.value = localStorage.getItem(NAME_KEY) ?? '';
    element<HTMLFormElement>('lobby-form').addEventListener('submit', (event) => {
      event.preventDefault();
      localStorage.setItem(NAME_KEY, this.#name.value.trim());
      join(this.#name.value.trim());
    });
    element<HTMLButtonElement>('retry-devices').addEventListener('click', () => void this.open());
  }

  /** Asks for the devices and shows what came. */
  async open(): Promise<void> {
    this.#section.hidden = false;
    this.#problems.clear();
    this.#showProblems();
    await this.#capture.startBoth();
    // A user who is typing a name meanwhile goes on typing.
    if (document.activeElement === document.body) this.#join.focus();
  }

  close(): void {
    this.#section.hidden = true;
    this.#meter.stop();
    this.#preview.srcObject = null;
  }

  get isOpen(): boolean {
    return !this.#section.hidden;
  }

  changed(source: MediaSource, track: MediaStreamTrack | undefined): void {
    if (source === 'screen') return;
    if (track !== undefined) this.#problems.delete(source);
    this.#showProblems();
    void this.#choices[source].refresh(track);
    if (source === 'microphone') return this.#meter.show(track);
    this.#preview.srcObject = track === undefined ? null : new MediaStream([track]);
    this.#section.toggleAttribute('data-picture', track !== undefined);
  }

  failed(source: MediaSource, failure: CaptureFailure): void {
    this.#problems.set(source, captureWords(source, failure));
    this.#showProblems();
    if (source !== 'screen') void this.#choices[source].refresh(undefined);
  }

  devicesChanged(): void {
    for (const device of ['microphone', 'camera'] as const)
      void this.#choices[device].refresh(this.#capture.track(device));
  }

  #showProblems(): void {
    // An insecure origin has one reason for both.
    const words = [...new Set(this.#problems.values())].filter((text) => text !== '');
    element('lobby-problem').textContent = words.join(' ');
    element('retry-devices').hidden = words.length === 0;
  }
}
