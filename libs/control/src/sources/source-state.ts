// What an edge says of a source that it pulls, as the live store keeps it and gateways show it.
import { z } from 'zod';
import { count } from '../schema-fields.ts';

/** Longest text of a fault; an edge cuts what the other side said. */
export const MAX_SOURCE_ERROR_LENGTH = 500;

export const PULL_STATES = ['connecting', 'live', 'waiting'] as const;
export type PullState = (typeof PULL_STATES)[number];

export interface SourceState {
  readonly state: PullState;
  readonly sinceMs: number;
  /** While it waits. */
  readonly nextTryAtMs?: number | undefined;
  /** Why it was not pulled, or not any more, the last time. */
  readonly error?: { readonly message: string; readonly atMs: number } | undefined;
}

const schema: z.ZodType<SourceState> = z.object({
  state: z.enum(PULL_STATES),
  sinceMs: count,
  nextTryAtMs: count.optional(),
  error: z.object({ message: z.string().max(MAX_SOURCE_ERROR_LENGTH), atMs: count }).optional(),
});

export const formatSourceState = (state: SourceState): string => JSON.stringify(state);

/** @returns undefined for what no edge of this release has written, such as the empty text before its first report */
export function parseSourceState(text: string): SourceState | undefined {
  if (text === '') return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
