// What the scripts of claims call, their users may call: Redis refuses the whole script otherwise, when it comes to that line.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { serviceAccess } from './service-access.ts';

const SCRIPTS = new URL('../../libs/live-store/src/redis/scripts/publication-scripts.ts', import.meta.url);

describe('the scripts of claims', () => {
  const called = [...readFileSync(SCRIPTS, 'utf8').matchAll(/redis\.call\('(\w+)'/g)].map(([, name]) => name);

  it.each(['gateway', 'rtmp-edge', 'rtsp-edge', 'srt-edge'] as const)('call what %s may call', (service) => {
    const allowed = serviceAccess(1)[service].redis.find(({ keys }) => keys?.includes('millrace:{live}:*'));
    expect(called).toContain('HSET');
    expect(called.filter((name) => allowed?.commands.includes(String(name).toLowerCase()) !== true)).toEqual([]);
  });
});
