import { describe, expect, it } from 'vitest';
import { memoryLimitBytes } from './memory-limit.ts';

const GiB = 1024 ** 3;

describe('the memory that a process may use', () => {
  it('is what its container allows', () => {
    expect(memoryLimitBytes(1 * GiB, 24 * GiB)).toBe(1 * GiB);
  });

  it('is half of the machine where there is no container, or one without a limit', () => {
    expect(memoryLimitBytes(0, 24 * GiB)).toBe(12 * GiB);
    expect(memoryLimitBytes(2 ** 63, 24 * GiB)).toBe(12 * GiB);
  });
});
