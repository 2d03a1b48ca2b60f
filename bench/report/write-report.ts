// Writes what was measured as JSON, as a table and as a picture.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { BENCH_DIR } from '../measure/load.ts';
import { drawPicture } from './picture.ts';
import type { Report, Result } from './results.ts';
import { formatTable } from './table.ts';

export interface Measurements {
  readonly results: readonly Result[];
  readonly versions: Readonly<Record<string, string>>;
  /** In which order servers are shown. */
  readonly order: readonly string[];
  /** Whether to keep what the last report of this name has of other figures. */
  readonly add: boolean;
}

/** @returns the table */
export function writeReport(name: string, { results, versions, order, add }: Measurements): string {
  const folder = join(BENCH_DIR, 'results');
  mkdirSync(folder, { recursive: true });
  const out = join(folder, name);
  const measured = new Set(results.map(({ figure }) => figure));
  const last =
    add && existsSync(`${out}.json`) ? (JSON.parse(readFileSync(`${out}.json`, 'utf8')) as Report) : undefined;
  const kept = last?.results.filter(({ figure }) => !measured.has(figure)) ?? [];
  const report: Report = {
    at: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    versions: { ...last?.versions, ...versions },
    results: [...kept, ...results],
  };
  const caption = `${report.machine}, server and load on a core each, 720p30 at 2.5 Mbit/s; ${report.at.slice(0, 10)}`;
  const table = formatTable(report.results, order);
  writeFileSync(`${out}.json`, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(`${out}.md`, `${caption}\n\n${table}\n`);
  writeFileSync(`${out}.svg`, drawPicture(report.results, caption));
  return table;
}
