// The results as a picture: one block of horizontal bars a figure, in plain SVG.
import { rowsOf } from './results.ts';
import type { Result } from './results.ts';
import { formatValue } from './table.ts';

const WIDTH = 860;
const BAR_LEFT = 200;
const BAR_WIDTH = 540;
const BAR_STEP = 24;
const COLORS: Readonly<Record<string, string>> = {
  'millrace-standalone': '#0f766e',
  'millrace-cluster': '#14b8a6',
  'millrace-turn': '#0f766e',
};
const PEER_COLOR = '#94a3b8';

const escape = (text: string): string =>
  text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!);

export function drawPicture(results: readonly Result[], caption: string): string {
  const parts: string[] = [];
  let y = 56;
  for (const row of rowsOf(results)) {
    parts.push(
      `<text x="24" y="${y}" class="title">${escape(row.title)} <tspan class="unit">(${escape(row.unit)})</tspan></text>`,
    );
    y += 12;
    const largest = Math.max(...[...row.byServer.values()].map(({ median }) => median));
    for (const [server, { median: value }] of row.byServer) {
      const width = Math.max(2, (value / largest) * BAR_WIDTH).toFixed(1);
      parts.push(
        `<text x="${BAR_LEFT - 8}" y="${y + 14}" class="name">${escape(server)}</text>`,
        `<rect x="${BAR_LEFT}" y="${y}" width="${width}" height="18" rx="3" fill="${COLORS[server] ?? PEER_COLOR}"/>`,
        `<text x="${BAR_LEFT + Number(width) + 6}" y="${y + 14}" class="value">${formatValue(value)}</text>`,
      );
      y += BAR_STEP;
    }
    y += 30;
  }
  const style =
    'text{font-family:system-ui,sans-serif;font-size:13px;fill:#0f172a}.title{font-weight:600}.unit{font-weight:400;fill:#64748b}' +
    '.name{text-anchor:end}.value{fill:#334155}.caption{fill:#64748b;font-size:12px}';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}">`,
    `<style>${style}</style><rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="24" y="26" class="caption">${escape(caption)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}
