// The program that `helm test` runs, against a real server: it has to succeed, to fail with words, and to leave nothing behind.
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { freePorts } from '@millrace/tools/processes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';

const MAIN = resolve(import.meta.dirname, '../apps/standalone/dist/trial/main.js');

let millrace: Standalone;
beforeAll(async () => {
  millrace = await startStandalone();
});
afterAll(() => millrace?.stop());

interface Outcome {
  readonly code: number;
  readonly said: string;
}

function trial(env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const { ports, quickstart } = millrace;
  const addresses = {
    MILLRACE_API_URL: `http://127.0.0.1:${ports.http}`,
    MILLRACE_TRIAL_RTMP_URL: `rtmp://127.0.0.1:${ports.rtmp}/live`,
    MILLRACE_OPERATOR_KEY: quickstart.operator_key,
  };
  return new Promise((done) => {
    execFile(process.execPath, [MAIN], { env: { ...addresses, ...env } }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), said: `${stdout}${stderr}` }),
    );
  });
}

async function tenants(): Promise<readonly unknown[]> {
  const answer = await fetch(`http://127.0.0.1:${millrace.ports.http}/v1/tenants`, {
    headers: { authorization: `Bearer ${millrace.quickstart.operator_key}` },
  });
  return ((await answer.json()) as { data: readonly unknown[] }).data;
}

describe('the trial', () => {
  it('publishes, plays, and cleans up', async () => {
    const { code, said } = await trial();
    expect(said).toMatch(/ok: published to rtmp:.* and read \d+ segments, \d+ bytes/);
    expect(code).toBe(0);
    expect(await tenants()).toHaveLength(1);
  });

  it('fails with an explanation where there is no publisher, and cleans up', async () => {
    const { code, said } = await trial({
      MILLRACE_TRIAL_RTMP_URL: 'rtmp://127.0.0.1:1/live',
      MILLRACE_TRIAL_TIMEOUT_MS: '1500',
    });
    expect(code).toBe(1);
    expect(said).toMatch(/failed: .*index\.m3u8 had 0 segments after 1500 ms; the last answer was: /);
    expect(await tenants()).toHaveLength(1);
  });

  it('fails with words where the key is wrong, or the gateway is not', async () => {
    const wrongKey = await trial({ MILLRACE_OPERATOR_KEY: 'mr_op_wrong' });
    expect(wrongKey.code).toBe(1);
    expect(wrongKey.said).toContain('POST /v1/tenants was answered 401');
    const [closed = 0] = await freePorts(1);
    const nowhere = await trial({ MILLRACE_API_URL: `http://127.0.0.1:${closed}` });
    expect(nowhere.code).toBe(1);
    expect(nowhere.said).toContain('ECONNREFUSED');
  });
});
