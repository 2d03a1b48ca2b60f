// What people are told when a camera, a microphone or a screen cannot be had.
import type { CaptureFailure, MediaSource } from '@millrace/rooms-client';

const NAMES: Readonly<Record<MediaSource, string>> = { microphone: 'microphone', camera: 'camera', screen: 'screen' };

/** @returns nothing when there is nothing to say */
export function captureWords(source: MediaSource, failure: CaptureFailure): string {
  const name = NAMES[source];
  switch (failure) {
    case 'insecure_origin':
      return 'Browsers give out cameras and microphones only on https:// addresses and on localhost. You can still join to see, hear and write.';
    case 'unsupported':
      return `This browser cannot use a ${name}.`;
    case 'blocked':
      return `The ${name} is blocked for this page. Allow it beside the address, then try again.`;
    case 'blocked_by_system':
      return `The ${name} is blocked by the system. Allow it for this browser in the system’s privacy settings, then try again.`;
    case 'cancelled':
      return '';
    case 'no_device':
      return `No ${name} was found. Plug one in, then try again.`;
    case 'device_busy':
      return `The ${name} is in use by another program, or does not start. Close the other program, then try again.`;
    case 'device_gone':
      return `The chosen ${name} is no longer available. Choose another one.`;
    case 'failed':
      return `The ${name} could not be started.`;
  }
}
