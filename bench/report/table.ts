import { rowsOf, type Result } from './results.ts';

export const formatValue = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** A Markdown table: figures down, servers across, and the ratio to the first server that is not ours. */
export function formatTable(results: readonly Result[], servers: readonly string[]): string {
  const shown = servers.filter((server) => results.some((result) => result.server === server));
  const lines = [`| figure | unit | ${shown.join(' | ')} |`, `| --- | --- |${' ---: |'.repeat(shown.length)}`];
  for (const row of rowsOf(results)) {
    const cells = shown.map((server) => {
      const value = row.medians.get(server);
      return value === undefined ? '–' : formatValue(value);
    });
    lines.push(`| ${row.title} | ${row.unit} | ${cells.join(' | ')} |`);
  }
  return lines.join('\n');
}
