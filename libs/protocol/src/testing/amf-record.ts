import { newRecord } from '../amf3/index.ts';
import type { AmfRecord, AmfValue } from '../amf3/index.ts';

/** A record as decoders make it: without a prototype. For tests. */
export function record(properties: Readonly<Record<string, AmfValue>>): AmfRecord {
  return Object.assign(newRecord(), properties);
}
