import { describe, expect, it } from 'vitest';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';

describe('traceparent (W3C Trace Context, section 3.2)', () => {
  it.each([
    [`00-${TRACE_ID}-${SPAN_ID}-01`, true],
    [`00-${TRACE_ID}-${SPAN_ID}-00`, false],
    [`00-${TRACE_ID}-${SPAN_ID}-03`, true],
    // Section 3.2.4: a later version is read as far as version 00 goes.
    [`cc-${TRACE_ID}-${SPAN_ID}-01-what-the-future-brings`, true],
  ])('reads %s', (text, isSampled) => {
    expect(parseTraceparent(text)).toEqual({ traceId: TRACE_ID, spanId: SPAN_ID, isSampled });
  });

  it.each([
    undefined,
    '',
    TRACE_ID,
    `ff-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-01-more`,
    `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
    `00-${'0'.repeat(32)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-1`,
    `cc-${TRACE_ID}-${SPAN_ID}-01-${'x'.repeat(300)}`,
  ])('passes over %s', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  it('writes what it reads', () => {
    for (const flags of ['00', '01']) {
      const text = `00-${TRACE_ID}-${SPAN_ID}-${flags}`;
      expect(formatTraceparent(parseTraceparent(text)!)).toBe(text);
    }
  });
});
