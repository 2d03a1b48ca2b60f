// Renders the chart as `helm template` does, and reads what comes out.
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureHelm } from '@millrace/tools/go-tools';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from './kubernetes-objects.ts';
import { CHART } from '../paths.ts';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;

const RELEASE = 'live';
export const NAMESPACE = 'media';

/** The sets of values that must work, as paths below the chart's folder. */
export const VALUES_FILES: readonly string[] = ['values-*.yaml', 'ci/*.yaml']
  .flatMap((pattern) => globSync(pattern, { cwd: CHART }))
  .sort();

/** Values over those of the files, as `--set` and `--set-json` take them. */
export type Overrides = Readonly<Record<string, unknown>>;

/** @throws {Error} with what Helm said */
export async function renderChart(files: readonly string[], overrides: Overrides = {}): Promise<Rendered> {
  const stdout = await helm(['template', RELEASE, CHART, '--namespace', NAMESPACE, ...options(files, overrides)]);
  const documents = parseAllDocuments(stdout);
  if (!Array.isArray(documents)) return new Rendered([]);
  const faults = documents.flatMap(({ errors }) => errors);
  if (faults[0] !== undefined) throw faults[0];
  const objects = documents.map((document) => document.toJS() as KubernetesObject | null);
  return new Rendered(objects.filter((object) => object !== null));
}

/** Why Helm does not render it. @throws {Error} when it does */
export async function refusalOf(files: readonly string[], overrides: Overrides): Promise<string> {
  try {
    await renderChart(files, overrides);
  } catch (error) {
    return error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  }
  throw new Error('Helm renders it');
}

/** What `helm lint --strict` says. @throws {Error} when it does not pass */
export const lintChart = (file: string): Promise<string> => helm(['lint', '--strict', CHART, ...options([file], {})]);

export async function helm(args: readonly string[]): Promise<string> {
  const { stdout } = await run(await ensureHelm(), [...args], { maxBuffer: MAX_OUTPUT_BYTES });
  return stdout;
}

function options(files: readonly string[], overrides: Overrides): string[] {
  return [
    ...files.flatMap((file) => ['--values', join(CHART, file)]),
    ...Object.entries(overrides).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]),
  ];
}

export class Rendered {
  readonly objects: readonly KubernetesObject[];

  constructor(objects: readonly KubernetesObject[]) {
    this.objects = objects;
  }

  ofKind(...kinds: readonly string[]): readonly KubernetesObject[] {
    return this.objects.filter(({ kind }) => kinds.includes(kind));
  }

  /** @throws {Error} that names what there is */
  one(kind: string, name: string): KubernetesObject {
    const all = this.ofKind(kind);
    const found = all.find(({ metadata }) => metadata.name === name);
    if (found !== undefined) return found;
    throw new Error(`there is no ${kind} ${name}, but ${all.map(({ metadata }) => metadata.name).join(', ')}`);
  }
}
