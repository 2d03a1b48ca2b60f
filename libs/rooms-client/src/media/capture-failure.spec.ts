import { describe, expect, it } from 'vitest';
import { captureFailure } from './capture-failure.ts';

const fine = { isSecureContext: true, hasMediaDevices: true };
const named = (name: string, message = ''): Error => Object.assign(new Error(message), { name });

describe('captureFailure', () => {
  it.each([
    ['NotAllowedError', 'Permission denied', false, 'blocked'],
    ['NotAllowedError', 'Permission denied by system', false, 'blocked_by_system'],
    ['NotAllowedError', 'Permission denied', true, 'cancelled'],
    ['NotAllowedError', 'disallowed by permissions policy', true, 'blocked'],
    ['NotFoundError', '', false, 'no_device'],
    ['NotReadableError', 'Could not start video source', false, 'device_busy'],
    ['AbortError', '', false, 'device_busy'],
    ['OverconstrainedError', '', false, 'device_gone'],
    ['TypeError', '', false, 'failed'],
  ] as const)('%s "%s" (screen: %s) is %s', (name, message, screen, failure) => {
    expect(captureFailure(named(name, message), fine, screen)).toBe(failure);
  });

  it('blames the surroundings first', () => {
    const error = named('TypeError');
    expect(captureFailure(error, { isSecureContext: false, hasMediaDevices: false })).toBe('insecure_origin');
    expect(captureFailure(error, { isSecureContext: true, hasMediaDevices: false })).toBe('unsupported');
    expect(captureFailure('what', fine)).toBe('failed');
  });
});
