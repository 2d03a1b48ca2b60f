// Why a camera, microphone or screen cannot be had, from what the browser throws (W3C Media Capture §10.1).

export type CaptureFailure =
  | 'insecure_origin'
  | 'unsupported'
  | 'blocked'
  | 'blocked_by_system'
  | 'cancelled'
  | 'no_device'
  | 'device_busy'
  | 'device_gone'
  | 'failed';

/** What of the page's surroundings decides whether devices can be asked for at all. */
export interface CaptureSurroundings {
  readonly isSecureContext: boolean;
  readonly hasMediaDevices: boolean;
}

export function captureSurroundings(): CaptureSurroundings {
  // Absent on insecure origins, whatever the type says.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  return { isSecureContext: globalThis.isSecureContext, hasMediaDevices: devices?.getUserMedia !== undefined };
}

export function captureFailure(error: unknown, surroundings: CaptureSurroundings, screen = false): CaptureFailure {
  if (!surroundings.isSecureContext) return 'insecure_origin';
  if (!surroundings.hasMediaDevices) return 'unsupported';
  const { name, message } = error instanceof Error ? error : { name: '', message: '' };
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      if (/system/i.test(message)) return 'blocked_by_system';
      // A user who closes the browser's list of screens has not blocked anything.
      return screen && !/policy/i.test(message) ? 'cancelled' : 'blocked';
    case 'NotFoundError':
      return 'no_device';
    case 'NotReadableError':
    case 'AbortError':
      return 'device_busy';
    case 'OverconstrainedError':
      return 'device_gone';
    default:
      return 'failed';
  }
}
