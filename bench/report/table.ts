import { rowsOf } from './results.ts';
import type { Result, Row } from './results.ts';

export const formatValue = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/**
 * A Markdown table: figures down, servers across, and Millrace's value in parts of the first peer's.
 * @param servers in the order of the columns; rows of other servers are left out
 */
export function formatTable(results: readonly Result[], servers: readonly string[]): string {
  const mine = results.filter(({ server }) => servers.includes(server));
  const shown = servers.filter((server) => mine.some((result) => result.server === server));
  const lines = [
    `| figure | unit | ${shown.join(' | ')} | ratio |`,
    `| --- | --- |${' ---: |'.repeat(shown.length)} --- |`,
  ];
  for (const row of rowsOf(mine)) {
    const cells = shown.map((server) => {
      const value = row.medians.get(server);
      return value === undefined ? '–' : formatValue(value);
    });
    lines.push(`| ${row.title} | ${row.unit} | ${cells.join(' | ')} | ${ratio(row, shown)} |`);
  }
  return lines.join('\n');
}

const isOurs = (server: string): boolean => server.startsWith('millrace');

function ratio({ medians }: Row, servers: readonly string[]): string {
  const own = servers.find((server) => isOurs(server) && medians.has(server));
  const peer = servers.find((server) => !isOurs(server) && medians.has(server));
  if (own === undefined || peer === undefined) return '–';
  const ratio = medians.get(own)! / medians.get(peer)!;
  return Number.isFinite(ratio) ? `${ratio.toFixed(2)} × ${peer}` : '–';
}
