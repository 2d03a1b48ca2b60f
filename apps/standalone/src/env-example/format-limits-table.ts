// The table of settings in docs/limits.md, between two marks; what stands around it is written by hand.
import type { DocumentedSetting } from './settings-of-all.ts';

const BEGIN = '<!-- settings: written by "npm run env-example" -->';
const END = '<!-- end of settings -->';

/** Addresses, names and secrets bound nothing. */
const isLimit = ({ variable, defaultText }: DocumentedSetting): boolean =>
  /^\d+$/.test(defaultText) && !variable.endsWith('_PORT');

/** @param page the whole of docs/limits.md @returns it with the table as it should be */
export function withLimitsTable(page: string, settings: readonly DocumentedSetting[]): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/limits.md lacks ${BEGIN} or ${END}`);
  const rows = settings
    .filter(isLimit)
    .map(
      (setting) =>
        [
          `\`${setting.variable}\``,
          readable(setting),
          setting.readBy,
          setting.description.replaceAll('|', '\\|'),
        ] as const,
    );
  return `${before}${BEGIN}\n\n${table(['Setting', 'Default', 'Read by', 'What it bounds'], rows)}\n\n${END}${after}`;
}

/** Aligned as the formatter would do it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

const SIZES = [
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
] as const;

function readable({ variable, defaultText }: DocumentedSetting): string {
  const value = Number(defaultText);
  if (variable.endsWith('_BYTES')) {
    const size = SIZES.find(([unit]) => value >= unit && value % unit === 0);
    return size === undefined ? `${value} bytes` : `${value / size[0]} ${size[1]}`;
  }
  if (!variable.endsWith('_MS')) return String(value);
  if (value >= 86_400_000 && value % 86_400_000 === 0) return `${value / 86_400_000} days`;
  return value >= 1000 && value % 100 === 0 ? `${value / 1000} s` : `${value} ms`;
}
