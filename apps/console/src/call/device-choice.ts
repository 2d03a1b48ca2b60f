// A list to choose a device from; its names are known once the browser has given out one of its kind.
import type { Device } from './capture.ts';

const KINDS: Readonly<Record<Device, MediaDeviceKind>> = { microphone: 'audioinput', camera: 'videoinput' };
const NAMES: Readonly<Record<Device, string>> = { microphone: 'Microphone', camera: 'Camera' };

export class DeviceChoice {
  readonly #select: HTMLSelectElement;
  readonly #device: Device;

  constructor(select: HTMLSelectElement, device: Device, chosen: (deviceId: string) => void) {
    this.#select = select;
    this.#device = device;
    select.addEventListener('change', () => chosen(select.value));
  }

  /** @param current the track that is open, to show its device as the chosen one */
  async refresh(current: MediaStreamTrack | undefined): Promise<void> {
    const mediaDevices = navigator.mediaDevices as MediaDevices | undefined;
    const all = (await mediaDevices?.enumerateDevices()) ?? [];
    const devices = all.filter(({ kind }) => kind === KINDS[this.#device]);
    this.#select.replaceChildren(
      ...devices.map(({ deviceId, label }, i) => new Option(label || `${NAMES[this.#device]} ${i + 1}`, deviceId)),
    );
    const currentId = current?.getSettings().deviceId;
    if (currentId !== undefined) this.#select.value = currentId;
    this.#select.disabled = devices.length < 2;
    if (devices.length === 0) this.#select.add(new Option('none'));
  }
}
