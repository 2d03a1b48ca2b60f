// "RTP Payload Format For AV1" (Alliance for Open Media, version 1.0.0) section 4: one OBU, or a fragment of one, in each packet.
import { ObuType, splitObus } from '../av1/obu.ts';
import type { PutPayload } from './put-payload.ts';

/** Section 4.4: the aggregation header. */
const CONTINUES = 0x80;
const GOES_ON = 0x40;
const ONE_ELEMENT = 0x10;
const NEW_SEQUENCE = 0x08;
const AGGREGATION_HEADER_BYTES = 1;

const OBU_HAS_SIZE = 0x02;
const OBU_HAS_EXTENSION = 0x04;

/**
 * Cuts a temporal unit into payloads of at most `maxBytes`. OBUs lose their sizes: "obu_has_size_field SHOULD be set to zero". Temporal
 * delimiters and tile lists are left out, as section 5 has it.
 *
 * @param startsSequence whether a new coded video sequence begins here
 * @throws ProtocolError when its OBUs do not add up
 */
export function packAv1TemporalUnit(
  unit: Uint8Array,
  startsSequence: boolean,
  maxBytes: number,
  put: PutPayload,
): void {
  let flags = startsSequence ? NEW_SEQUENCE : 0;
  for (const { type, start, dataStart, end } of splitObus(unit)) {
    if (type === ObuType.temporalDelimiter || type === ObuType.tileList) continue;
    const first = unit[start]!;
    const header = [first & ~OBU_HAS_SIZE, ...((first & OBU_HAS_EXTENSION) === 0 ? [] : [unit[start + 1]!])];
    let at = dataStart;
    do {
      const isFirst = at === dataStart;
      const room = maxBytes - AGGREGATION_HEADER_BYTES - (isFirst ? header.length : 0);
      const to = Math.min(end, at + room);
      const aggregation = ONE_ELEMENT | flags | (isFirst ? 0 : CONTINUES) | (to < end ? GOES_ON : 0);
      put(isFirst ? Buffer.of(aggregation, ...header) : Buffer.of(aggregation), unit.subarray(at, to));
      flags = 0;
      at = to;
    } while (at < end);
  }
}
