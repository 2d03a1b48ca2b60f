// Writes what was measured as JSON, as a table and as a picture.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { BENCH_DIR } from '../measure/load.ts';
import { drawPicture } from './picture.ts';
import type { Failure, Report, Result } from './results.ts';
import { formatFailures, formatTable } from './table.ts';

export interface Measurements {
  readonly results: readonly Result[];
  readonly failures: readonly Failure[];
  readonly versions: Readonly<Record<string, string>>;
  /** The tables to make: in each, these servers in this order. */
  readonly tables: readonly (readonly string[])[];
  /** Whether to keep what the last report of this name has besides. */
  readonly add: boolean;
}

const nameOf = ({ figure, server }: Result): string => `${figure} ${server}`;

/** @returns the table */
export function writeReport(name: string, { results, failures, versions, tables, add }: Measurements): string {
  const folder = join(BENCH_DIR, 'results');
  mkdirSync(folder, { recursive: true });
  const out = join(folder, name);
  const measured = new Set(results.map(nameOf));
  const last =
    add && existsSync(`${out}.json`) ? (JSON.parse(readFileSync(`${out}.json`, 'utf8')) as Report) : undefined;
  const kept = last?.results.filter((result) => !measured.has(nameOf(result))) ?? [];
  const report: Report = {
    at: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    versions: { ...last?.versions, ...versions },
    results: [...kept, ...results],
    failures,
  };
  const caption = `${report.machine}, server and load on a core each, 720p30 at 2.5 Mbit/s; ${report.at.slice(0, 10)}`;
  const table = [
    ...tables
      .filter((servers) => report.results.some(({ server }) => servers.includes(server)))
      .map((servers) => formatTable(report.results, servers)),
    ...(failures.length > 0 ? [formatFailures(failures)] : []),
  ].join('\n\n');
  writeFileSync(`${out}.json`, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(`${out}.md`, `${caption}\n\n${table}\n`);
  writeFileSync(`${out}.svg`, drawPicture(report.results, caption));
  return table;
}
