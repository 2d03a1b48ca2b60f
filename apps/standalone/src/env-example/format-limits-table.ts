// The table of settings in docs/limits.md, between two marks; the text around it is written by hand.
import { codeLimits } from './code-limits.ts';
import type { DocumentedSetting } from './settings-of-all.ts';

const MARKS = {
  settings: ['<!-- settings: written by "npm run env-example" -->', '<!-- end of settings -->'],
  code: ['<!-- code: written by "npm run env-example" -->', '<!-- end of code -->'],
} as const;

/** A size whose default follows from what the machine or the container has. */
const isDerived = ({ variable, defaultText }: DocumentedSetting): boolean =>
  defaultText === '' && variable.endsWith('_BYTES');

/** Addresses, names and secrets bound nothing. */
const isLimit = (each: DocumentedSetting): boolean =>
  isDerived(each) || (/^\d+$/.test(each.defaultText) && !each.variable.endsWith('_PORT'));

/** @param page the whole of docs/limits.md @returns it with both tables as they should be */
export function withLimitsTables(page: string, settings: readonly DocumentedSetting[]): string {
  const settingRows = settings
    .filter(isLimit)
    .map((setting) => [`\`${setting.variable}\``, readable(setting), setting.readBy, setting.description]);
  const codeRows = codeLimits.flatMap(({ title, values, sentences }) =>
    Object.entries<unknown>(values as Record<string, unknown>).map(([name, value]) => [
      title,
      `\`${name}\``,
      readableCode(name, value),
      sentences[name] ?? '',
    ]),
  );
  const withSettings = replaceBetween(
    page,
    'settings',
    table(['Setting', 'Default', 'Read by', 'What it bounds'], settingRows),
  );
  return replaceBetween(withSettings, 'code', table(['Where', 'Name', 'Value', 'What it bounds'], codeRows));
}

function replaceBetween(page: string, name: keyof typeof MARKS, text: string): string {
  const [begin, end] = MARKS[name];
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/limits.md lacks ${begin} or ${end}`);
  return `${before}${begin}\n\n${text}\n\n${end}${after}`;
}

/** Aligned as the formatter would do it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

const DAY_MS = 86_400_000;
const SIZES = [
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
] as const;

function readable(setting: DocumentedSetting): string {
  if (isDerived(setting)) return 'derived';
  const { variable, defaultText } = setting;
  return readableValue(Number(defaultText), variable.endsWith('_BYTES'), variable.endsWith('_MS'));
}

function readableCode(name: string, value: unknown): string {
  if (typeof value !== 'number') return Object.values(value as Record<string, number>).join(', ');
  return readableValue(value, /Bytes/.test(name), name.endsWith('Ms'));
}

function readableValue(value: number, isBytes: boolean, isMs: boolean): string {
  if (isBytes) {
    const size = SIZES.find(([unit]) => value >= unit && value % unit === 0);
    return size === undefined ? `${value} bytes` : `${value / size[0]} ${size[1]}`;
  }
  if (!isMs) return String(value);
  if (value >= DAY_MS && value % DAY_MS === 0) return value === DAY_MS ? '1 day' : `${value / DAY_MS} days`;
  return value >= 1000 && value % 100 === 0 ? `${value / 1000} s` : `${value} ms`;
}
