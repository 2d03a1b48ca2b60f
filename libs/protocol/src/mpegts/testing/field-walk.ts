/** Name, size in bits and expected value of a field; an undefined value matches any. For tests. */
export type FieldRow = readonly [name: string, bits: number, value: number | undefined];

/** Reads fields one after the other, bit by bit: names to values. What is read is compared with a table, so it is kept dumb. */
export function walkFields(bytes: Uint8Array, rows: readonly FieldRow[]): Record<string, number> {
  const values: Record<string, number> = {};
  let at = 0;
  for (const [name, bits] of rows) {
    let value = 0;
    for (let count = 0; count < bits; count++, at++)
      value = value * 2 + (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    values[name] = value;
  }
  return values;
}

/** The table as `walkFields` gives it, fields without an expected value taken from `actual`. */
export function expectedFields(
  rows: readonly FieldRow[],
  actual: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(rows.map(([name, , value]) => [name, value ?? actual[name] ?? 0]));
}
