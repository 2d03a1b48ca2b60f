import { describe, expect, it } from 'vitest';
import { displayWidth, fitTo } from './display-width.ts';
import { printable, printableJson } from './printable.ts';
import { LiveBlock } from './live-block.ts';
import { formatFields, formatTable } from './table.ts';
import type { TableColumn } from './table.ts';

interface Row {
  readonly name: string;
  readonly id: string;
  readonly count?: number;
}
const columns: readonly TableColumn<Row>[] = [
  { title: 'NAME', value: ({ name }) => name, shrinks: true },
  { title: 'ID', value: ({ id }) => id },
  { title: 'COUNT', value: ({ count }) => count, align: 'right' },
];

describe('a table', () => {
  it('aligns its columns, and shows what is absent', () => {
    const rows = [
      { name: 'stage', id: 'str_1', count: 5 },
      { name: 'a longer name', id: 'str_22' },
    ];
    expect(formatTable(rows, columns, Infinity)).toEqual([
      'NAME           ID      COUNT',
      'stage          str_1       5',
      'a longer name  str_22      –',
    ]);
  });

  it.each([40, 30, 28])('fits %i columns by cutting names, never ids', (width) => {
    const lines = formatTable([{ name: 'n'.repeat(50), id: 'str_12345' }], columns, width);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
    expect(lines[1]).toContain('str_12345');
    expect(lines[1]).toContain('…');
  });

  it('is not cut below what says anything, and not at all where no terminal is', () => {
    const row = { name: 'n'.repeat(50), id: 'str_12345' };
    expect(formatTable([row], columns, 5)[1]).toContain('nnnnnnn…');
    expect(formatTable([row], columns, Infinity)[1]).toContain(row.name);
  });

  it.each([
    ['日本', 4],
    ['🎥 live', 7],
    ['e\u0301', 1],
    ['plain', 5],
  ])('counts the columns of %j: %i', (text, width) => expect(displayWidth(text)).toBe(width));

  it('cuts between characters', () => expect(fitTo('日本語', 5)).toBe('日本…'));

  it('lists the fields of one object', () => {
    expect(
      formatFields([
        ['name', 'stage'],
        ['session', null],
      ]),
    ).toEqual(['name     stage', 'session  –']);
  });
});

describe('text from elsewhere', () => {
  const hostile = 'a\u001b[2Jb\r\n\u202e\u009b31m';
  it('moves no cursor and begins no line', () => {
    expect(printable(hostile)).toBe('a\\u{1b}[2Jb\\u{d}\\u{a}\\u{202e}\\u{9b}31m');
    const [, line = ''] = formatTable([{ name: hostile, id: 'x' }], columns, Infinity);
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('is the same value in JSON', () => {
    expect(printableJson({ hostile })).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(JSON.parse(printableJson({ hostile }))).toEqual({ hostile });
  });
});

describe('lines that are refreshed in place', () => {
  it('replace those before, and never wrap, whatever their colours', () => {
    let written = '';
    const block = new LiveBlock({ isTTY: true, columns: 20, write: (text: string) => (written += text) });
    block.show(['\u001b[32mgreen and short\u001b[0m', '\u001b[32mgreen and much too long\u001b[0m']);
    expect(written).toBe('\u001b[J\u001b[32mgreen and short\u001b[0m\ngreen and much too …\n');
    written = '';
    block.show(['one']);
    expect(written).toBe('\u001b[2A\r\u001b[Jone\n');
  });
});
