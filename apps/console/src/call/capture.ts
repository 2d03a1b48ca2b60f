// The devices of this page: opens and closes them, and says in one place what is open.
import { captureFailure, captureSurroundings } from '@millrace/rooms-client';
import type { CaptureFailure, MediaSource } from '@millrace/rooms-client';

export interface CaptureEvents {
  /** A source has a new track, or none any more. */
  changed(source: MediaSource, track: MediaStreamTrack | undefined): void;
  failed(source: MediaSource, failure: CaptureFailure): void;
}

export type Device = 'microphone' | 'camera';

const AUDIO: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const VIDEO: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
/** Text on a screen is read, not watched. */
const SCREEN: DisplayMediaStreamOptions = { video: { frameRate: { ideal: 15, max: 30 } } };

export const canShareScreen = (): boolean =>
  // Absent on phones, whatever the type says.
  (navigator.mediaDevices as Partial<MediaDevices> | undefined)?.getDisplayMedia !== undefined;

export class Capture {
  readonly #events: CaptureEvents;
  readonly #tracks = new Map<MediaSource, MediaStreamTrack>();
  /** The device that was chosen, to come back to. */
  readonly #chosen = new Map<Device, string>();

  constructor(events: CaptureEvents) {
    this.#events = events;
  }

  track(source: MediaSource): MediaStreamTrack | undefined {
    return this.#tracks.get(source);
  }

  /** Both at once, so that the browser asks one question; where that fails, each by itself, to know which one it is. */
  async startBoth(): Promise<void> {
    try {
      const stream = await getUserMedia(this.#constraints('microphone'), this.#constraints('camera'));
      for (const track of stream.getTracks()) this.#hold(track.kind === 'audio' ? 'microphone' : 'camera', track);
    } catch {
      await this.start('microphone');
      await this.start('camera');
    }
  }

  /** @param deviceId another one than the last time */
  async start(device: Device, deviceId?: string): Promise<void> {
    if (deviceId !== undefined) this.#chosen.set(device, deviceId);
    // Some cameras open once only: the old one closes before the new one opens.
    this.stop(device);
    const constraints = this.#constraints(device);
    await this.#open(device, () =>
      device === 'microphone' ? getUserMedia(constraints, false) : getUserMedia(false, constraints),
    );
  }

  async shareScreen(): Promise<void> {
    await this.#open('screen', () => navigator.mediaDevices.getDisplayMedia(SCREEN));
  }

  stop(source: MediaSource): void {
    const track = this.#tracks.get(source);
    if (track === undefined) return;
    track.onended = null;
    track.stop();
    this.#tracks.delete(source);
    this.#events.changed(source, undefined);
  }

  stopAll(): void {
    for (const source of [...this.#tracks.keys()]) this.stop(source);
  }

  async #open(source: MediaSource, ask: () => Promise<MediaStream>): Promise<void> {
    try {
      const [track] = (await ask()).getTracks();
      if (track !== undefined) this.#hold(source, track);
    } catch (error) {
      this.#events.failed(source, captureFailure(error, captureSurroundings(), source === 'screen'));
    }
  }

  #hold(source: MediaSource, track: MediaStreamTrack): void {
    if (source === 'screen') track.contentHint = 'detail';
    track.onended = () => {
      this.stop(source);
      // A user who ends the sharing in the browser's own bar knows that.
      if (source !== 'screen') this.#events.failed(source, 'device_gone');
    };
    this.#tracks.set(source, track);
    this.#events.changed(source, track);
  }

  #constraints(device: Device): MediaTrackConstraints {
    const deviceId = this.#chosen.get(device);
    const base = device === 'microphone' ? AUDIO : VIDEO;
    return deviceId === undefined || deviceId === '' ? base : { ...base, deviceId: { exact: deviceId } };
  }
}

const getUserMedia = (audio: MediaTrackConstraints | false, video: MediaTrackConstraints | false) =>
  navigator.mediaDevices.getUserMedia({ audio, video });
