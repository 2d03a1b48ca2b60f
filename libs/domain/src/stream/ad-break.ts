// Breaks for advertising, in the terms of SCTE 35.
/** What an encoder signals of a break for advertising. */
export interface SpliceSignal {
  /** A break begins, it ends, or something else of SCTE 35. */
  readonly kind: 'out' | 'in' | 'other';
  /** The same for the beginning and the end of a break. */
  readonly event: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** How long the break is planned to last. */
  readonly plannedMs?: number;
  /** Whether it ends then by itself. */
  readonly autoReturn?: boolean;
  /** The splice_info_section, in hexadecimal. */
  readonly command: string;
}

/** A break for advertising that a playlist lists, or another signal of SCTE 35. */
export interface ListedBreak extends Omit<SpliceSignal, 'kind' | 'atMs'> {
  /** Of its tags. */
  readonly id: string;
  readonly kind: 'break' | 'in' | 'other';
  readonly startMs: number;
  /** The number of the segment that it came with. */
  readonly listedWith: number;
  readonly end?: { readonly atMs: number; readonly listedWith: number; readonly command: string };
}
