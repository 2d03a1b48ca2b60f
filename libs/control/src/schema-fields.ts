// The kinds of field that messages are made of.
import { IdPrefix, isId } from '@millrace/domain';
import { z } from 'zod';

const MAX_ADDRESS_LENGTH = 64;
const MAX_INSTANCE_ID_LENGTH = 63;

export const id = (prefix: IdPrefix) =>
  z.string().refine((text) => isId(prefix, text), `not an id that begins with ${prefix}_`);
/** A W3C `traceparent` of version 00. */
export const traceparent = z.string().regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/, 'not a traceparent');
export const count = z.int().min(0);
/** Which edge, signaling server or relay speaks. */
export const instanceId = z.string().min(1).max(MAX_INSTANCE_ID_LENGTH);
export const clientAddress = z.string().max(MAX_ADDRESS_LENGTH);

/** Of an edge: one that a gateway has never heard of is that of a newer release. */
export const protocol = z.string().regex(/^[a-z][a-z0-9-]{0,15}$/, 'not a protocol');
