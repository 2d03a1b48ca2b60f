// Aligned columns that fit the terminal; a column that may shrink is cut with …, and nothing is cut where no terminal is.
import { displayWidth, fitTo } from './display-width.ts';
import { printable } from './printable.ts';

export interface TableColumn<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | null | undefined;
  readonly align?: 'right';
  /** Whether it is cut when the terminal is too narrow: names are, ids are not. */
  readonly shrinks?: true;
}

const GAP = '  ';
/** A column is not cut below this. */
const NARROWEST = 8;

/** What an absent value looks like. */
export const ABSENT = '–';

/**
 * @param width columns of the terminal; Infinity when the table goes elsewhere
 * @returns lines; the first is the heading
 */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  width: number,
): readonly string[] {
  const cells = rows.map((row) => columns.map(({ value }) => cellText(value(row))));
  const widths = columns.map(({ title }, index) =>
    Math.max(displayWidth(title), ...cells.map((cell) => displayWidth(cell[index] ?? ''))),
  );
  shrink(widths, columns, width);
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => {
        const fitted = fitTo(text, widths[index]!);
        const padding = ' '.repeat(Math.max(0, widths[index]! - displayWidth(fitted)));
        return columns[index]!.align === 'right' ? padding + fitted : fitted + padding;
      })
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...cells.map(line)];
}

const cellText = (value: string | number | null | undefined): string =>
  value === null || value === undefined || value === '' ? ABSENT : printable(String(value));

/** Takes from the widest of the columns that may shrink until all fit, or none can give more. */
function shrink<Row>(widths: number[], columns: readonly TableColumn<Row>[], width: number): void {
  const total = (): number => widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
  while (total() > width) {
    let widest = -1;
    for (const [index, column] of columns.entries())
      if (column.shrinks === true && widths[index]! > NARROWEST && widths[index]! > (widths[widest] ?? 0))
        widest = index;
    if (widest < 0) return;
    widths[widest]! -= 1;
  }
}

/** A list of names and values: one object. */
export function formatFields(fields: readonly (readonly [string, string | number | null | undefined])[]): string[] {
  const left = Math.max(...fields.map(([name]) => name.length)) + GAP.length;
  return fields.map(([name, value]) => `${name.padEnd(left)}${cellText(value)}`);
}
