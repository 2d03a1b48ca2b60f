// What an encoder sends, as its edge measured it: kept for a few reports' time, for answers about a live session.

export interface IngestReport {
  readonly streamId: string;
  /** The publisher that was measured: of two on one stream, only the newest counts. */
  readonly epoch: number;
  /** Milliseconds since 1970, by the edge's clock. */
  readonly measuredAtMs: number;
  /** Since the publisher began. */
  readonly bytes: number;
  readonly videoFrames: number;
  readonly audioFrames: number;
  /** Since the report before. */
  readonly videoBitsPerSecond: number;
  readonly audioBitsPerSecond: number;
  readonly framesPerSecond: number;
  /** Between the latest keyframes, by their decode times; undefined before the second one. */
  readonly keyframeIntervalMs: number | undefined;
}

const NUMBERS = [
  'epoch',
  'measuredAtMs',
  'bytes',
  'videoFrames',
  'audioFrames',
  'videoBitsPerSecond',
  'audioBitsPerSecond',
  'framesPerSecond',
] as const satisfies readonly (keyof IngestReport)[];

export const formatIngestReport = ({ streamId: _, ...numbers }: IngestReport): string => JSON.stringify(numbers);

/** @returns undefined for a text that lacks a number, such as one of a release with other fields; further fields are ignored */
export function parseIngestReport(streamId: string, text: string): IngestReport | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof read !== 'object' || read === null) return undefined;
  const fields = read as Readonly<Record<string, unknown>>;
  if (!NUMBERS.every((name) => isCount(fields[name]))) return undefined;
  const numbers = Object.fromEntries(NUMBERS.map((name) => [name, fields[name]]));
  const { keyframeIntervalMs } = fields;
  return {
    streamId,
    ...(numbers as Readonly<Record<(typeof NUMBERS)[number], number>>),
    keyframeIntervalMs: isCount(keyframeIntervalMs) ? keyframeIntervalMs : undefined,
  };
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
