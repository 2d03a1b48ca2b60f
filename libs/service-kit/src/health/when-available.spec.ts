import { describe, expect, it } from 'vitest';
import { createLogger } from '../logging/logger.ts';
import { Readiness } from './readiness.ts';
import { whenAvailable } from './when-available.ts';

class Away extends Error {}

describe('whenAvailable', () => {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const isAway = (error: unknown): boolean => error instanceof Away;

  it('waits for a dependency, not ready and saying what for, until it is there', async () => {
    const readiness = new Readiness();
    const seen: unknown[] = [];
    let tries = 0;
    const opened = await whenAvailable(
      { check: 'frame_bus', name: 'NATS', readiness, logger },
      async () => {
        seen.push(readiness.report());
        if (++tries < 2) throw new Away();
        return 'open';
      },
      isAway,
    );
    expect(opened).toBe('open');
    expect(seen).toEqual([
      { ready: false, checks: { frame_bus: 'waiting for NATS' } },
      { ready: false, checks: { frame_bus: 'waiting for NATS' } },
    ]);
    expect(readiness.report().ready).toBe(true);
  });

  it('throws what is no absence', async () => {
    const dependency = { check: 'frame_bus', name: 'NATS', readiness: new Readiness(), logger };
    const opened = whenAvailable(dependency, () => Promise.reject(new TypeError('broken')), isAway);
    await expect(opened).rejects.toThrow('broken');
  });
});
