// Anything that a client may send as text: it is a message of the protocol or an error, never an exception.
import assert from 'node:assert/strict';
import { CLIENT_SAMPLES } from '../docs/sample-messages.ts';
import { parseClientMessage } from './parse-client-message.ts';

export const seeds: readonly Uint8Array[] = Object.values(CLIENT_SAMPLES).map((message) =>
  Buffer.from(JSON.stringify(message)),
);

const PRINTABLE = /^[\w :;.?(),-]+$/;

export function fuzz(data: Uint8Array): void {
  const parsed = parseClientMessage(Buffer.from(data).toString());
  if ('error' in parsed) assert.match(parsed.error.message, PRINTABLE);
  // What was taken once is taken again: nothing in it depends on how it was written.
  else assert.deepEqual(parseClientMessage(JSON.stringify(parsed.message)), parsed);
}
