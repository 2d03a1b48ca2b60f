// The REST API by clients that are generated from the OpenAPI document which this gateway serves: in TypeScript and in Python.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { PYTHON_CLIENT } from '@millrace/tools/python-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { TenantApi } from './support/tenant-api.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const root = resolve(import.meta.dirname, '..');
const clients = join(import.meta.dirname, 'clients');
const requireFrom = createRequire(import.meta.url);
const run = promisify(execFile);
const timeout = 60_000;

let millrace: Standalone;
let folder: string;
let documentFile: string;
let document: Document;
let gateway: string;
const undo: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  const temporary = temporaryFolder('rest-clients');
  undo.push(() => temporary.remove());
  folder = temporary.path;
  millrace = await startStandalone();
  undo.push(() => millrace.stop());
  gateway = new URL(millrace.quickstart.api_url).origin;
  const text = await (await fetch(`${gateway}/openapi.json`)).text();
  documentFile = join(folder, 'openapi.json');
  writeFileSync(documentFile, text);
  document = JSON.parse(text) as Document;
  await makeSessions();
});
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

/** One session that is over, and one that is live and of which it is known what viewers receive. */
async function makeSessions(): Promise<void> {
  const { rtmp_url, stream_key } = millrace.quickstart;
  const api = TenantApi.of(millrace.quickstart);
  const encoder = await publishWithFfmpeg(`${rtmp_url}/${(await api.createStream('over')).key}`, SOURCE_FILE);
  undo.push(() => encoder.kill());
  const idOf = (status: string): Promise<unknown> =>
    eventually(`a session that is ${status}`, async () => {
      const { data } = await api.ok('GET', `/v1/sessions?status=${status}`);
      return (data as { id: string }[])[0]?.id;
    });
  await idOf('live');
  await encoder.stop();
  await idOf('ended');
  const other = await publishWithFfmpeg(`${rtmp_url}/${stream_key}`, SOURCE_FILE);
  undo.push(() => other.kill());
  const live = String(await idOf('live'));
  await eventually('its media', async () => (await api.ok('GET', `/v1/sessions/${live}`))['media']);
}

/** The operations of the document for which a program has made a request, in the order of the document. */
function operationsIn(output: string): { readonly called: string[]; readonly all: string[] } {
  const requests = output.trim().split('\n');
  const all = Object.entries(document.paths)
    // Media, CSV, and a response that does not end, are not for such a client.
    .filter(([path]) => !/^\/(hls|dash|live)\/|^\/v1\/events\/stream$|\/export$/.test(path))
    .flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`));
  const called = all.filter((operation) => {
    const pattern = new RegExp(`^${operation.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    return requests.some((request) => pattern.test(request));
  });
  return { called, all };
}

describe('clients that are generated from /openapi.json go through the life of a tenant, and call all there is', () => {
  it('in TypeScript, by openapi-typescript', async () => {
    const types = join(folder, 'millrace-api.d.ts');
    const generator = join(dirname(requireFrom.resolve('openapi-typescript/package.json')), 'bin/cli.js');
    const generated = await run(process.execPath, [generator, documentFile, '--output', types], { timeout });
    expect(generated.stderr.replaceAll(/^.*(✨|🚀).*$/gmu, '').trim()).toBe('');

    const program = join(clients, 'typescript/tenant-life.ts');
    const project = join(folder, 'tsconfig.json');
    const compilerOptions = { noEmit: true, composite: false, paths: { 'millrace-api': [types] } };
    const base = join(root, 'tsconfig.base.json');
    const typeRoots = [join(root, 'node_modules/@types')];
    writeFileSync(
      project,
      JSON.stringify({ extends: base, compilerOptions: { ...compilerOptions, typeRoots }, files: [program, types] }),
    );
    const compiler = join(root, 'node_modules/@typescript/native/bin/tsc');
    const compiled = await run(process.execPath, [compiler, '-p', project], { timeout }).catch(
      (error: { stdout: string }) => error,
    );
    expect(compiled.stdout).toBe('');

    const { stdout } = await run(process.execPath, [program, gateway, millrace.quickstart.operator_key], { timeout });
    const { called, all } = operationsIn(stdout);
    expect(called).toEqual(all);
  });

  it('in Python, by openapi-python-client', async () => {
    const python = PYTHON_CLIENT.require();
    const modules = join(folder, 'python');
    mkdirSync(modules);
    const env = { ...process.env, PATH: `${PYTHON_CLIENT.bin}:${process.env.PATH ?? ''}`, PYTHONPATH: modules };
    const output = ['--meta', 'none', '--output-path', join(modules, 'millrace_api')];
    const generator = ['-m', 'openapi_python_client', 'generate', '--path', documentFile, '--fail-on-warning'];
    const generated = await run(python, [...generator, ...output], { env, timeout }).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    expect(generated.stdout.trim() + generated.stderr.trim()).toBe(`Generating ${join(modules, 'millrace_api')}`);

    const program = join(clients, 'python/tenant_life.py');
    const key = millrace.quickstart.operator_key;
    const { stdout } = await run(python, ['-W', 'error', program, gateway, key], { env, timeout });
    const { called, all } = operationsIn(stdout);
    expect(called).toEqual(all);
  });
});
