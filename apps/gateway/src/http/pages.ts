// Lists come in pages: newest first, by identifier, so that a page neither repeats nor skips while things are added.
import { IdPrefix, isId } from '@millrace/domain';
import { LessThan } from 'typeorm';
import type { FindOperator } from 'typeorm';
import { z } from 'zod';
import { ProblemError } from './problem-error.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
const MAX_CURSOR_LENGTH = 100;

/** The parameters of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT).describe('Page size.'),
  cursor: z.string().min(1).max(MAX_CURSOR_LENGTH).optional().describe('`next_cursor` of the previous page.'),
};

export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Page<T> {
  readonly data: T[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({ data: z.array(item), has_more: z.boolean(), next_cursor: z.string().nullable() });

/** The condition and the size of the query for one page; one row more than asked for shows whether there is another page. */
export function pageFind(kind: keyof typeof IdPrefix, { limit, cursor }: PageRequest) {
  const before: { id?: FindOperator<string> } = cursor === undefined ? {} : { id: LessThan(openCursor(kind, cursor)) };
  return { before, order: { id: 'DESC' as const }, take: limit + 1 };
}

/** Makes the answer of what `pageFind` found. */
export function toPage<Row extends { id: string }, T>(
  rows: readonly Row[],
  limit: number,
  write: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { data: shown.map(write), has_more: more, next_cursor: more ? sealCursor(last.id) : null };
}

/** Callers should not build cursors by hand, so they do not look like ids. */
const sealCursor = (id: string): string => Buffer.from(`after:${id}`).toString('base64url');

function openCursor(kind: keyof typeof IdPrefix, cursor: string): string {
  const [mark, id] = Buffer.from(cursor, 'base64url').toString('utf8').split(':');
  if (mark !== 'after' || id === undefined || !isId(IdPrefix[kind], id))
    throw new ProblemError('invalid_cursor', 'This cursor does not belong to this list.');
  return id;
}
