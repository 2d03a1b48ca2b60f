import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { commonSettings } from './common-settings.ts';
import { ConfigError } from './config-error.ts';
import { defineSettings, variablesThatMayBeEmpty } from './define-settings.ts';
import type { ValuesOf } from './define-settings.ts';
import { bytes, flag, list, milliseconds, port, url } from './setting-schemas.ts';
import { setting } from './setting.ts';

const settings = defineSettings({
  rtmpPort: setting('MILLRACE_RTMP_PORT', port, 1935, 'Port.'),
  waitMs: setting('MILLRACE_WAIT_MS', milliseconds(1), 5_000, 'Wait.'),
  limitBytes: setting('MILLRACE_LIMIT_BYTES', bytes(1, 100), 50, 'Limit.'),
  pretty: setting('MILLRACE_PRETTY', flag, false, 'Pretty.'),
  bus: setting('MILLRACE_BUS', url('nats'), 'nats://127.0.0.1', 'Bus.'),
  certificate: setting('MILLRACE_CERT', z.string().optional(), undefined, 'File.'),
});
type Values = ValuesOf<typeof settings>;

describe('defineSettings', () => {
  it('gives the defaults where nothing is set, or set to nothing', () => {
    const values: Values = settings.parse({ MILLRACE_RTMP_PORT: '' });
    expect(values).toEqual({
      rtmpPort: 1935,
      waitMs: 5_000,
      limitBytes: 50,
      pretty: false,
      bus: 'nats://127.0.0.1',
      certificate: undefined,
    });
  });

  it('takes an empty list for one where the setting says so', () => {
    const lists = defineSettings({
      origins: setting('MILLRACE_ORIGINS', list, ['*'], 'Origins.', { emptyIsNone: true }),
      hosts: setting('MILLRACE_HOSTS', list, ['::'], 'Hosts.'),
    });
    expect(lists.parse({})).toEqual({ origins: ['*'], hosts: ['::'] });
    expect(lists.parse({ MILLRACE_ORIGINS: '', MILLRACE_HOSTS: '' })).toEqual({ origins: [], hosts: ['::'] });
    expect(lists.parse({ MILLRACE_ORIGINS: 'a, b' }).origins).toEqual(['a', 'b']);
    expect(variablesThatMayBeEmpty(lists.definitions)).toEqual(new Set(['MILLRACE_ORIGINS']));
  });

  it('turns texts into values', () => {
    const values = settings.parse({
      MILLRACE_RTMP_PORT: '0',
      MILLRACE_WAIT_MS: '1',
      MILLRACE_LIMIT_BYTES: '100',
      MILLRACE_PRETTY: '1',
      MILLRACE_BUS: 'nats://bus:4222',
      MILLRACE_CERT: '/tmp/c.pem',
      UNRELATED: 'x',
    });
    expect(values).toEqual({
      rtmpPort: 0,
      waitMs: 1,
      limitBytes: 100,
      pretty: true,
      bus: 'nats://bus:4222',
      certificate: '/tmp/c.pem',
    });
  });

  it('names every wrong variable at once, without its value', () => {
    const env = {
      MILLRACE_RTMP_PORT: '65536',
      MILLRACE_WAIT_MS: '5s',
      MILLRACE_LIMIT_BYTES: '0',
      MILLRACE_PRETTY: 'yes',
      MILLRACE_BUS: 'http://user:hunter2@bus',
    };
    const fault = (() => {
      try {
        settings.parse(env);
      } catch (error) {
        return error;
      }
    })();
    expect(fault).toBeInstanceOf(ConfigError);
    const { faults, message } = fault as ConfigError;
    expect(faults.map(({ variable }) => variable)).toEqual(Object.keys(env));
    for (const variable of Object.keys(env)) expect(message).toContain(variable);
    expect(message).not.toContain('hunter2');
  });

  it.each(['', ' ', '-1', '1.5', '1e3', '0x10', '+5', 'NaN', 'Infinity', '1'.repeat(20)])(
    'takes only plain whole numbers: not %j',
    (text) => {
      const parse = () => settings.parse({ MILLRACE_WAIT_MS: text });
      if (text === '') expect(parse().waitMs).toBe(5_000);
      else expect(parse).toThrow(ConfigError);
    },
  );

  it('lists every setting for the example file', () => {
    const secret = false;
    const first = { variable: 'MILLRACE_RTMP_PORT', defaultText: '1935', description: 'Port.', secret };
    expect(settings.list()[0]).toEqual(first);
    expect(settings.list().at(-1)).toEqual({
      variable: 'MILLRACE_CERT',
      defaultText: '',
      description: 'File.',
      secret,
    });
  });
});

describe('commonSettings', () => {
  const common = defineSettings(commonSettings);

  it('has defaults that its own schemas take', () => {
    const env = Object.fromEntries(common.list().map(({ variable, defaultText }) => [variable, defaultText]));
    const { instanceId: _, ...values } = common.parse(env);
    const { instanceId: __, ...defaults } = common.parse({});
    expect(values).toEqual(defaults);
  });

  it('takes several NATS servers, and no other schemes', () => {
    const parse = (url: string) => common.parse({ MILLRACE_NATS_URL: url }).natsUrl;
    expect(parse('nats://a:4222, tls://user:pass@b:4222')).toBe('nats://a:4222, tls://user:pass@b:4222');
    for (const wrong of ['a:4222', 'http://a', 'nats://a,http://b', ','])
      expect(() => parse(wrong), wrong).toThrow(ConfigError);
  });

  it.each([
    ['MILLRACE_NATS_URL', 'nats://a:4222,nats://b:0', 'must have a port of 1 to 65535'],
    ['MILLRACE_REDIS_URL', 'redis://a..b', 'must have a host name or an IP address as its host'],
    ['MILLRACE_REDIS_URL', 'redis:///0', 'must name a host'],
    ['MILLRACE_DATABASE_URL', 'postgres://millrace@db:0/x', 'must have a port of 1 to 65535'],
  ])('says what is wrong with %s=%s', (variable, url, fault) => {
    expect(() => common.parse({ [variable]: url })).toThrow(fault);
  });

  it.each(['postgres:///millrace?host=/run/postgresql', 'postgres://millrace@%2Frun%2Fpostgresql/millrace'])(
    'takes the socket file of PostgreSQL: %s',
    (url) => expect(common.parse({ MILLRACE_DATABASE_URL: url }).databaseUrl).toBe(url),
  );

  it('names each process differently when it has no name', () => {
    const first = common.parse({}).instanceId;
    expect(first).not.toBe(common.parse({}).instanceId);
    expect(common.parse({ MILLRACE_INSTANCE_ID: first }).instanceId).toBe(first);
  });
});
