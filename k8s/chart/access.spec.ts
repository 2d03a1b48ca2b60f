// The users of NATS and Redis: each service logs in as itself, with a password of its own.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNatsServer } from '@millrace/frame-bus/testing';
import { createNatsControlClient } from '@millrace/control';
import { createRedisLiveStore } from '@millrace/live-store';
import { startRedisServer } from '@millrace/live-store/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { refusalOf, renderChart } from './render.ts';
import type { Rendered } from './render.ts';
import { servicesOf } from './rendered-services.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-chart-access-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SERVICES = ['gateway', 'packager', 'rtmp-edge', 'rtsp-edge', 'signaling', 'srt-edge', 'turn'];
const WITH_REDIS = SERVICES.filter((service) => service !== 'turn');

const EXTERNAL = {
  'nats.url': 'nats://a.example:4222,nats://b.example:4222',
  'nats.existingSecret': 'bus',
  'nats.userPerService': true,
  'redis.url': 'rediss://redis.example:6380',
  'redis.existingSecret': 'store',
  'redis.userPerService': true,
};

const secretOf = (rendered: Rendered): Map<string, string> => {
  const secret = rendered.objects.find(({ kind, metadata }) => kind === 'Secret' && metadata.name.endsWith('-access'));
  const data = (secret as unknown as { data: Record<string, string> } | undefined)?.data ?? {};
  return new Map(Object.entries(data).map(([name, text]) => [name, Buffer.from(text, 'base64').toString('utf8')]));
};

const mountedOf = (service: unknown): string[] =>
  [...JSON.stringify(service).matchAll(/\{"key":"([^"]+)","path":"((?:nats|redis)-[^"]+)"\}/g)].map(
    ([, key, path]) => `${key} as ${path}`,
  );

describe('in a trial', () => {
  it('the servers let in each service by the password that it mounts, and it mounts no other', async () => {
    const rendered = await renderChart(['values-dev.yaml']);
    const secrets = secretOf(rendered);
    for (const service of servicesOf(rendered)) {
      const { name, environment } = service;
      expect(environment['MILLRACE_NATS_URL']).toBe(`nats://${name}@live-millrace-nats:4222`);
      expect(environment['MILLRACE_NATS_PASSWORD_FILE']).toBe('/run/secrets/millrace/nats-password');
      const redis = name === 'turn' ? undefined : `redis://${name}@live-millrace-redis:6379`;
      expect(environment['MILLRACE_REDIS_URL']).toBe(redis);
      const wanted = [`nats-${name} as nats-password`, ...(redis ? [`redis-${name} as redis-password`] : [])];
      expect(mountedOf(service.template).sort()).toEqual(wanted);
    }
    const passwords = [...secrets].filter(([name]) => !name.includes('users')).map(([, password]) => password);
    expect(new Set(passwords).size).toBe(2 * SERVICES.length);

    const natsFile = join(folder, 'users.conf');
    writeFileSync(natsFile, secrets.get('nats-users.conf') ?? '');
    await using nats = await startNatsServer({ arguments: ['-c', natsFile] });
    for (const service of SERVICES) {
      const url = nats.url.replace('//', `//${service}:${secrets.get(`nats-${service}`)}@`);
      const client = createNatsControlClient({ url });
      await client.connect();
      await client.close();
    }
    const redisFile = join(folder, 'users.acl');
    writeFileSync(redisFile, secrets.get('redis-users.acl') ?? '');
    const redis = await startRedisServer(['--aclfile', redisFile]);
    try {
      for (const service of WITH_REDIS) {
        const password = secrets.get(`redis-${service}`) ?? '';
        expect(secrets.get('redis-users.acl')).toContain(createHash('sha256').update(password).digest('hex'));
        const store = await createRedisLiveStore({ url: redis.url.replace('//', `//${service}:${password}@`) });
        expect(store.isReady(), service).toBe(true);
        await store.close();
      }
    } finally {
      await redis.stop();
    }
  });
});

describe('with servers of the operator', () => {
  it('each service logs in under its name, with the password under its name', async () => {
    const rendered = await renderChart(['ci/external.yaml'], EXTERNAL);
    for (const service of servicesOf(rendered)) {
      const { name, environment } = service;
      expect(environment['MILLRACE_NATS_URL']).toBe(`nats://${name}@a.example:4222,nats://b.example:4222`);
      const redis = name === 'turn' ? undefined : `rediss://${name}@redis.example:6380`;
      expect(environment['MILLRACE_REDIS_URL']).toBe(redis);
      const wanted = [`${name} as nats-password`, ...(redis ? [`${name} as redis-password`] : [])];
      expect(mountedOf(service.template).sort()).toEqual(wanted);
    }
  });

  it.each([
    ['nats.url', 'nats://me@a.example:4222', 'nats.url: names a user'],
    ['nats.urlKey', 'url', 'nats.userPerService: needs nats.url'],
    ['nats.existingSecret', '', 'nats.userPerService: needs nats.url'],
    ['redis.url', 'redis://me@a.example', 'redis.url: names a user'],
    ['redis.urlKey', 'url', 'redis.userPerService: needs redis.url'],
  ])('refuses %s that does not go with it', async (name, value, sentence) => {
    expect(await refusalOf(['ci/external.yaml'], { ...EXTERNAL, [name]: value })).toContain(sentence);
  });
});
