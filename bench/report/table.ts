import { rowsOf } from './results.ts';
import type { Failure, Result, Row, Summary } from './results.ts';

export const formatValue = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** The median, and the lowest and highest run where there were several. */
const formatSummary = ({ median, lowest, highest }: Summary): string =>
  lowest === highest
    ? formatValue(median)
    : `${formatValue(median)} (${formatValue(lowest)} to ${formatValue(highest)})`;

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
      const summary = row.byServer.get(server);
      return summary === undefined ? '–' : formatSummary(summary);
    });
    lines.push(`| ${row.title} | ${row.unit} | ${cells.join(' | ')} | ${ratio(row, shown)} |`);
  }
  return lines.join('\n');
}

/** A line for each figure that could not be measured. */
export const formatFailures = (failures: readonly Failure[]): string =>
  failures.map(({ figure, server, reason }) => `- ${figure} of ${server} failed: ${reason}`).join('\n');

export const isOurs = (server: string): boolean => server.startsWith('millrace');

function ratio({ byServer }: Row, servers: readonly string[]): string {
  const own = servers.find((server) => isOurs(server) && byServer.has(server));
  const peer = servers.find((server) => !isOurs(server) && byServer.has(server));
  if (own === undefined || peer === undefined) return '–';
  const ratio = byServer.get(own)!.median / byServer.get(peer)!.median;
  return Number.isFinite(ratio) ? `${ratio.toFixed(2)} × ${peer}` : '–';
}
