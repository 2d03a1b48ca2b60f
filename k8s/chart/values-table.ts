// The table of values in the chart's README, from values.yaml: each value with its default and the comment that stands above it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, parseDocument } from 'yaml';
import type { YAMLMap } from 'yaml';
import { CHART } from '../paths.ts';

const BEGIN = '<!-- values: written by "npm run chart-values" -->';
const END = '<!-- end of values -->';
const README = join(CHART, 'README.md');

export interface ValueRow {
  readonly path: string;
  readonly defaultText: string;
  readonly sentence: string;
}

/** @param text of values.yaml @returns every value that is no group of others, in order */
export function valueRows(text: string): readonly ValueRow[] {
  const { contents } = parseDocument(text);
  return isMap(contents) ? rowsOf(contents, '') : [];
}

function rowsOf(map: YAMLMap, prefix: string): ValueRow[] {
  return map.items.flatMap(({ key, value }, i) => {
    const path = `${prefix}${String(key)}`;
    // The comment above the first entry of a map is kept with the map.
    const above = (i === 0 && prefix !== '' ? map.commentBefore : undefined) ?? commentOf(key);
    const sentence = above.replaceAll(/\s*\n\s*/g, ' ').trim();
    if (!isMap(value) || value.items.length === 0)
      return [
        { path, defaultText: JSON.stringify(isScalar(value) ? value.value : (value as YAMLMap).toJSON()), sentence },
      ];
    const inner = rowsOf(value, `${path}.`);
    return sentence === '' ? inner : [{ path, defaultText: '', sentence }, ...inner];
  });
}

const commentOf = (key: unknown): string => (isScalar(key) ? (key.commentBefore ?? '') : '');

/** @returns the README as it should be */
export function withValuesTable(readme: string, values: string): string {
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${README} lacks ${BEGIN} or ${END}`);
  const cells = valueRows(values).map(({ path, defaultText, sentence }) => [
    `\`${path}\``,
    defaultText === '' ? '' : `\`${defaultText}\``,
    sentence.replaceAll('|', '\\|'),
  ]);
  return `${before}${BEGIN}\n\n${table([['Value', 'Default', 'What it does'], ...cells])}\n\n${END}${after}`;
}

/** Aligned as the formatter would do it. */
function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}

export const currentReadme = (): string => readFileSync(README, 'utf8');
export const currentValues = (): string => readFileSync(join(CHART, 'values.yaml'), 'utf8');

if (import.meta.main) writeFileSync(README, withValuesTable(currentReadme(), currentValues()));
