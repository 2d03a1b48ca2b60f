// The numbers of usage, as answers, events and CSV have them.
import { z } from 'zod';

const SECONDS_PER_MINUTE = 60;
/** Seconds are given to the millisecond. */
const FRACTIONS = 1_000;

export const usageNumbers = {
  ingest_seconds: z.number().describe('Publishing time of encoders, in seconds.'),
  ingest_bytes: z.number().describe('Bytes received on the connections of encoders; without TLS and TCP/IP.'),
  packaged_seconds: z.number().describe('Total duration of the segments that were made.'),
  egress_bytes: z.number().describe('Bytes sent to viewers, including HTTP headers; without TCP/IP.'),
  viewer_seconds: z.number().describe('Watching time of viewers, in seconds; for HLS in steps of 15 s.'),
  relay_bytes: z.number().describe('Bytes relayed by TURN, both directions together.'),
  participant_minutes: z.number().describe('Time that participants spent in rooms, in minutes.'),
};
export type UsageNumbers = { readonly [name in keyof typeof usageNumbers]: number };

/** One column of a query for each number. */
export type UsageNumbersRow = Readonly<Record<keyof UsageNumbers, number | null>>;

const KINDS: Readonly<Record<keyof UsageNumbers, string>> = {
  ingest_seconds: 'ingest_seconds',
  ingest_bytes: 'ingest_bytes',
  packaged_seconds: 'packaged_seconds',
  egress_bytes: 'egress_bytes',
  viewer_seconds: 'viewer_seconds',
  relay_bytes: 'relay_bytes',
  participant_minutes: 'participant_seconds',
};

/** What a query selects for them, over rows of `usage_amounts`. */
export const usageColumns = Object.entries(KINDS)
  .map(([name, kind]) => `sum(amount) FILTER (WHERE kind = '${kind}') AS ${name}`)
  .join(', ');

const rounded = (value: number | null): number => Math.round((value ?? 0) * FRACTIONS) / FRACTIONS;

export const writeUsageNumbers = (row: UsageNumbersRow): UsageNumbers => ({
  ingest_seconds: rounded(row.ingest_seconds),
  ingest_bytes: rounded(row.ingest_bytes),
  packaged_seconds: rounded(row.packaged_seconds),
  egress_bytes: rounded(row.egress_bytes),
  viewer_seconds: rounded(row.viewer_seconds),
  relay_bytes: rounded(row.relay_bytes),
  participant_minutes: rounded((row.participant_minutes ?? 0) / SECONDS_PER_MINUTE),
});
