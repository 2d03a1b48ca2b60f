import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAtLeast, NATS_SERVER_VERSION, requireNatsServer, versionIn } from './nats-server.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('the pinned nats-server', () => {
  it('is what tests start by its name, and what the cluster on one machine starts', () => {
    for (const program of ['nats-server', requireNatsServer()]) {
      const version = versionIn(execFileSync(program, ['--version'], { encoding: 'utf8' }));
      expect(isAtLeast(version, NATS_SERVER_VERSION), `${program} is ${version}`).toBe(true);
    }
  });

  it.each(['compose.yaml', 'k8s/charts/millrace/values.yaml', 'k8s/charts/millrace/README.md'])(
    'is the image that %s names',
    (file) => {
      const images = [...read(file).matchAll(/(?:image: '?|")nats:([\w.-]+)/g)].map(([, tag]) => tag);
      expect(images).toEqual([`${NATS_SERVER_VERSION}-alpine`]);
    },
  );

  it.each(['README.md', 'docs/operate/install.md'])('is the version that %s speaks of', (file) => {
    expect(read(file)).toContain(`NATS ${NATS_SERVER_VERSION}`);
  });

  it('compares versions as numbers', () => {
    expect(isAtLeast('2.15.1', '2.15.1')).toBe(true);
    expect(isAtLeast('2.15.10', '2.15.9')).toBe(true);
    expect(isAtLeast('3.0.0', '2.15.1')).toBe(true);
    expect(isAtLeast('2.9.10', '2.15.1')).toBe(false);
    expect(isAtLeast('2.15.0', '2.15.1')).toBe(false);
  });

  it('reads the version that a server says', () => {
    expect(versionIn('nats-server: v2.15.3\n')).toBe('2.15.3');
    expect(versionIn('something else')).toBe('');
  });
});
