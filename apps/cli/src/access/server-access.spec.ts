import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSecretKey } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExitCode } from '../command-line/exit-code.ts';
import { ApiStub } from '../testing/api-stub.ts';
import { runCli } from '../testing/run-cli.ts';

const apiKey = newSecretKey('mr_sk');
const operatorKey = newSecretKey('mr_op');
const otherKey = newSecretKey('mr_sk');
const page = { data: [], has_more: false, next_cursor: null };

let home: string;
let folder: string;
let api: ApiStub;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  folder = join(home, 'clone');
  mkdirSync(join(folder, 'data'), { recursive: true });
  api = await new ApiStub().listen();
  api.json('GET /v1/', page);
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  rmSync(home, { recursive: true });
});

const quickstart = () => join(folder, 'data', 'quickstart.json');
function writeQuickstart(url = api.url, mode = 0o600): void {
  const rtmp_url = 'rtmp://localhost/live';
  const text = JSON.stringify({ api_url: `${url}/v1`, api_key: apiKey, operator_key: operatorKey, rtmp_url });
  writeFileSync(quickstart(), text);
  chmodSync(quickstart(), mode);
}

const run = (line: string, variables: Readonly<Record<string, string>> = {}, stdin = '') =>
  runCli(line.split(' '), { variables: { HOME: home, MILLRACE_DATA_DIR: '', ...variables }, folder, stdin });
const keysUsed = () => api.asked.map(({ authorization }) => authorization?.replace('Bearer ', ''));

describe('beside a running start', () => {
  it('finds address and keys in its data folder, without configuration', async () => {
    writeQuickstart();
    expect((await run('streams list')).code).toBe(ExitCode.ok);
    expect((await run('tenants list')).code).toBe(ExitCode.ok);
    expect((await run('streams list --operator')).code).toBe(ExitCode.ok);
    expect(keysUsed()).toEqual([apiKey, operatorKey, operatorKey]);
  });

  it.each([0o640, 0o604, 0o660, 0o666])('does not use keys that others may read: mode %o', async (mode) => {
    writeQuickstart(api.url, mode);
    const { code, stderr, stdout } = await run('streams list');
    expect(code).toBe(ExitCode.notAuthenticated);
    expect(stderr).toContain(`chmod 600 ${quickstart()}`);
    expect(stderr + stdout).not.toContain(apiKey);
    expect(api.asked).toEqual([]);
  });

  it('says what to do when the file is damaged', async () => {
    writeFileSync(quickstart(), '{', { mode: 0o600 });
    expect((await run('streams list')).stderr).toMatch(/damaged[^]*Delete it/);
  });

  it('uses the operator key that a gateway wrote', async () => {
    writeFileSync(join(folder, 'data', 'operator-key'), `${operatorKey}\n`, { mode: 0o600 });
    expect((await run(`tenants list --url ${api.url}`)).code).toBe(ExitCode.notAuthenticated);
    expect((await run('tenants list')).stderr).not.toContain('no key is known');
  });

  it('sends the key to no other server', async () => {
    writeQuickstart('http://127.0.0.1:1');
    const { code, stderr } = await run(`streams list --url ${api.url}`);
    expect(code).toBe(ExitCode.notAuthenticated);
    expect(stderr).toContain(`no key is known for ${api.url}`);
    expect(api.asked).toEqual([]);
  });
});

describe('the environment', () => {
  it('comes before what is stored', async () => {
    writeQuickstart();
    await run('streams list', { MILLRACE_API_KEY: otherKey, MILLRACE_URL: `${api.url}/v1/` });
    expect(keysUsed()).toEqual([otherKey]);
  });

  it('may name a file', async () => {
    const file = join(home, 'key');
    writeFileSync(file, `${otherKey}\n`);
    await run('streams list', { MILLRACE_API_KEY_FILE: file, MILLRACE_URL: api.url });
    expect(keysUsed()).toEqual([otherKey]);
  });

  it.each([
    [{ MILLRACE_API_KEY: `${otherKey.slice(0, -1)}${otherKey.endsWith('x') ? 'y' : 'x'}` }, /mistyped/],
    [{ MILLRACE_API_KEY: newSecretKey('mr_st') }, /a stream key/],
  ])('finds a wrong key before the server does', async (variables, said) => {
    const { code, stderr } = await run('streams list', { ...variables, MILLRACE_URL: api.url });
    expect(code).toBe(ExitCode.notAuthenticated);
    expect(stderr).toMatch(said);
    expect(stderr).not.toContain(variables.MILLRACE_API_KEY);
    expect(api.asked).toEqual([]);
  });

  it.each(['ftp://x', 'live.example.com', 'http://user:hunter2@x'])('refuses %s as a server', async (url) => {
    const { code, stderr } = await run(`streams list --url ${url}`, { MILLRACE_API_KEY: otherKey });
    expect(code).toBe(ExitCode.usage);
    expect(stderr).not.toContain(otherKey);
  });
});

describe('a profile', () => {
  const file = () => join(home, '.config', 'millrace', 'profiles.json');

  it('is written by a login that the server accepts, for its owner alone, and used from then on', async () => {
    const login = await run(`login --url ${api.url} --profile stage`, {}, `${otherKey}\n`);
    expect(login).toMatchObject({ code: ExitCode.ok, stderr: '' });
    expect(login.stdout).not.toContain(otherKey);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect((await run('streams list')).code).toBe(ExitCode.ok);
    expect(keysUsed()).toEqual([otherKey, otherKey]);
    expect((await run('streams list --profile other')).stderr).toMatch(/no profile "other"[^]*stage/);
    expect((await run('logout')).code).toBe(ExitCode.ok);
    expect(readFileSync(file(), 'utf8')).not.toContain(otherKey);
  });

  it('comes before the data folder, which "local" means', async () => {
    writeQuickstart();
    await run(`login --url ${api.url}`, {}, otherKey);
    await run('streams list');
    await run('streams list --profile local');
    expect(keysUsed()).toEqual([otherKey, otherKey, apiKey]);
  });

  it('is not written when the server refuses the key', async () => {
    api.problem('GET /v1/', 401, 'unauthenticated', 'This key is not valid.');
    expect((await run(`login --url ${api.url}`, {}, otherKey)).code).toBe(ExitCode.notAuthenticated);
    expect(() => statSync(file())).toThrow('ENOENT');
  });

  it('is not used when others may read it', async () => {
    await run(`login --url ${api.url}`, {}, otherKey);
    chmodSync(file(), 0o644);
    const { code, stderr } = await run('streams list');
    expect(code).toBe(ExitCode.notAuthenticated);
    expect(stderr).toContain('chmod 600');
  });

  it('is not used for another server', async () => {
    await run(`login --url ${api.url}`, {}, otherKey);
    expect((await run('streams list --url http://127.0.0.1:1')).stderr).toContain('no key is known');
  });
});
