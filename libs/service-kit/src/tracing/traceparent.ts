// W3C Trace Context, section 3.2: the traceparent header.

/** version "-" trace-id "-" parent-id "-" trace-flags, in lower-case hexadecimal. */
const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE_ID = '0'.repeat(32);
const NO_SPAN_ID = '0'.repeat(16);
const SAMPLED = 1;
/** What a later version may add is passed over; a whole header of more than this is not looked at. */
const MAX_LENGTH = 256;

export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** @returns undefined for what is no traceparent: section 3.2.2.1 has it passed over then */
export function parseTraceparent(text: string | undefined): TraceParent | undefined {
  if (text === undefined || text.length > MAX_LENGTH) return undefined;
  const [, version, traceId, spanId, flags, more] = FORM.exec(text) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  // Section 3.2.2.2: version ff is invalid. Section 3.2.2.4: version 00 ends with its flags.
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (traceId === NO_TRACE_ID || spanId === NO_SPAN_ID) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}

export const formatTraceparent = ({ traceId, spanId, isSampled }: TraceParent): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
