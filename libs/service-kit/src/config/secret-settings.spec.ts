import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { commonSettings } from './common-settings.ts';
import { ConfigError } from './config-error.ts';
import { defineSettings, variablesOf } from './define-settings.ts';
import { setting } from './setting.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-secret-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(content: string): string {
  const file = join(folder, `secret-${content.length}`);
  writeFileSync(file, content);
  return file;
}

const settings = defineSettings({
  key: setting('MILLRACE_KEY', z.string().min(5, 'is too short').optional(), undefined, 'Key.', { secret: true }),
  name: setting('MILLRACE_NAME', z.string(), 'a', 'Name.'),
});

function faultsOf(parse: () => unknown): readonly { variable: string; fault: string }[] {
  try {
    parse();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('a secret setting', () => {
  it.each(['hunter2', 'hunter2\n', 'hunter2\r\n'])('may be in a file: %j', (content) => {
    expect(settings.parse({ MILLRACE_KEY_FILE: fileWith(content) }).key).toBe('hunter2');
  });

  it('keeps what is not one line end behind it', () => {
    expect(settings.parse({ MILLRACE_KEY_FILE: fileWith(' hunter2 \n\n') }).key).toBe(' hunter2 \n');
  });

  it('may be in the environment, or absent', () => {
    expect(settings.parse({ MILLRACE_KEY: 'hunter2', MILLRACE_KEY_FILE: '' }).key).toBe('hunter2');
    expect(settings.parse({ MILLRACE_KEY_FILE: '' }).key).toBeUndefined();
  });

  it('is not taken from two places', () => {
    const env = { MILLRACE_KEY: 'hunter2', MILLRACE_KEY_FILE: fileWith('hunter3') };
    expect(faultsOf(() => settings.parse(env))).toEqual([
      { variable: 'MILLRACE_KEY_FILE', fault: 'set either MILLRACE_KEY or MILLRACE_KEY_FILE, not both' },
    ]);
  });

  it.each(['', '\n'])('says which file is empty and what it must contain: %j', (content) => {
    const file = fileWith(content);
    expect(faultsOf(() => settings.parse({ MILLRACE_KEY_FILE: file }))).toEqual([
      { variable: 'MILLRACE_KEY_FILE', fault: `${file} is empty: it must contain MILLRACE_KEY` },
    ]);
  });

  it('says which file cannot be read, and why', () => {
    expect(faultsOf(() => settings.parse({ MILLRACE_KEY_FILE: '/no/such/file' }))).toEqual([
      { variable: 'MILLRACE_KEY_FILE', fault: '/no/such/file cannot be read (ENOENT)' },
    ]);
  });

  it('is checked like any other, without being told', () => {
    expect(faultsOf(() => settings.parse({ MILLRACE_KEY_FILE: fileWith('abc') }))).toEqual([
      { variable: 'MILLRACE_KEY', fault: 'is too short' },
    ]);
  });

  it('is told apart from what is none, which no file is read for', () => {
    expect(settings.list().flatMap(variablesOf)).toEqual(['MILLRACE_KEY', 'MILLRACE_KEY_FILE', 'MILLRACE_NAME']);
    expect(settings.parse({ MILLRACE_NAME_FILE: '/no/such/file' }).name).toBe('a');
  });
});

describe('the password of an address', () => {
  const common = defineSettings(commonSettings);
  const NASTY = 'p@ss:/w%rd?#&';

  it('goes into the address, whatever it is made of', () => {
    const { redisUrl, databaseUrl } = common.parse({
      MILLRACE_REDIS_PASSWORD: NASTY,
      MILLRACE_DATABASE_PASSWORD_FILE: fileWith(`${NASTY}\n`),
      MILLRACE_DATABASE_URL: 'postgres://mill%40race@db:5433/live?sslmode=require',
    });
    expect(decodeURIComponent(new URL(redisUrl).password)).toBe(NASTY);
    const database = new URL(databaseUrl);
    expect(decodeURIComponent(database.password)).toBe(NASTY);
    expect([database.username, database.host, database.search]).toEqual(['mill%40race', 'db:5433', '?sslmode=require']);
  });

  it('goes into each of several addresses', () => {
    const env = { MILLRACE_NATS_URL: 'nats://u@a:4222, tls://u@b:4222', MILLRACE_NATS_PASSWORD: 'secret' };
    expect(common.parse(env).natsUrl).toBe('nats://u:secret@a:4222,tls://u:secret@b:4222');
  });

  it.each([
    ['an address that has one', { MILLRACE_REDIS_URL: 'redis://:x@a', MILLRACE_REDIS_PASSWORD: 'y' }],
    ['nobody', { MILLRACE_NATS_URL: 'nats://a', MILLRACE_NATS_PASSWORD: 'y' }],
  ])('is refused for %s', (_, env) => {
    expect(faultsOf(() => common.parse(env)).map(({ variable }) => variable)).toEqual([Object.keys(env)[1]]);
  });

  it('does not hide what is wrong with the address', () => {
    const env = { MILLRACE_REDIS_URL: 'http://a', MILLRACE_REDIS_PASSWORD: 'secret' };
    expect(faultsOf(() => common.parse(env))).toEqual([
      { variable: 'MILLRACE_REDIS_URL', fault: 'must be an address that starts with redis:// or rediss://' },
    ]);
  });
});
