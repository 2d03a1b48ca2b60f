// The sets of values that the chart comes with: each is an installation that must work.
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CHART } from '../paths.ts';

export interface ValuesFile {
  readonly name: string;
  readonly path: string;
}

export const valuesFiles: readonly ValuesFile[] = ['values-*.yaml', 'ci/*.yaml']
  .flatMap((pattern) => globSync(pattern, { cwd: CHART }))
  .sort()
  .map((file) => ({ name: basename(file, '.yaml'), path: join(CHART, file) }));
