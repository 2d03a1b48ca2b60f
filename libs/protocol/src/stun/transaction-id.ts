// RFC 8489 section 5: transaction ids.
import { randomBytes } from 'node:crypto';
import { TRANSACTION_ID_BYTES } from './header.ts';

/** How many ids are drawn at once: each Data indication needs one, and a draw costs as much as the rest of it. */
const BATCH = 256;
let batch = Buffer.alloc(0);
let used = 0;

/**
 * Hard to guess, since a response is believed for its id: "uniformly and randomly chosen […] and SHOULD be cryptographically
 * random". A view that is not written to.
 */
export function newTransactionId(): Buffer {
  if (used === batch.length) {
    batch = randomBytes(TRANSACTION_ID_BYTES * BATCH);
    used = 0;
  }
  used += TRANSACTION_ID_BYTES;
  return batch.subarray(used - TRANSACTION_ID_BYTES, used);
}
