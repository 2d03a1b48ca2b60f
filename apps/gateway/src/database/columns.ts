// How values are stored in columns: identifiers compare by bytes, big integers are JavaScript numbers.
import type { ValueTransformer } from 'typeorm';

/** Identifiers sort by time only when they are compared byte by byte, whatever the database's language. */
export const idColumn = <T extends object = object>(options?: T) => ({
  type: 'text' as const,
  collation: 'C',
  ...options,
});

/** The driver gives `bigint` as text; all values of this database stay below 2^53. */
const bigintAsNumber: ValueTransformer = {
  to: (value: number | undefined) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};

export const bigintColumn = <T extends object = object>(options?: T) => ({
  type: 'bigint' as const,
  transformer: bigintAsNumber,
  ...options,
});

export const timeColumn = <T extends object = object>(options?: T) => ({ type: 'timestamptz' as const, ...options });
