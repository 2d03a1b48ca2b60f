import { encodeAmf0 } from '../../amf0/index.ts';
import type { AmfValue } from '../../amf0/index.ts';
import { ServerHarness } from '../testing/server-harness.ts';
import { rawChunk } from '../testing/raw-chunk.ts';
import type { RawChunk } from '../testing/raw-chunk.ts';

/** The state of the session before the input arrives: the first byte chooses. */
const BEGINNINGS: readonly (() => ServerHarness)[] = [
  () => new ServerHarness(),
  () => new ServerHarness().handshake(),
  () => new ServerHarness().connected(),
  () => new ServerHarness().publishing(),
  () => {
    const harness = new ServerHarness().connected().command('play', 3, [null, 'key'], 1);
    harness.session.acceptPlay(harness.request('play'));
    return harness;
  },
];

function command(...values: readonly AmfValue[]): Buffer {
  const data = encodeAmf0(...values);
  return rawChunk({ fmt: 0, csid: 7, length: data.length, type: 20, stream: 1, data });
}

function media(fields: Partial<RawChunk>): Buffer {
  return rawChunk({ fmt: 0, csid: 9, length: 2, type: 9, stream: 1, data: Buffer.of(0x17, 1), ...fields });
}

function seed(beginning: number, ...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.of(beginning), ...parts]);
}

export const seeds: readonly Uint8Array[] = [
  seed(0, Buffer.of(3), Buffer.alloc(3072), command('connect', 1, { app: 'live' })),
  seed(1, command('connect', 1, { app: 'live', capsEx: 1 }), command('createStream', 2, null)),
  seed(2, command('publish', 3, null, 'key', 'live'), media({}), command('deleteStream', 4, null, 1)),
  seed(2, command('play', 3, null, 'key', -2), command('closeStream', 0, null)),
  seed(3, media({}), media({ type: 8 }), command('FCUnpublish', 4, null, 'key'), media({})),
  seed(3, media({ type: 4, csid: 2, stream: 0, length: 6, data: Buffer.of(0, 6, 0, 0, 0, 1) }), media({ time: 5 })),
  seed(4, command('deleteStream', 4, null, 1), command('publish', 5, null, 'key')),
];

/** Media comes out only while something is published, and nothing after the end, which comes once. */
export function fuzz(data: Uint8Array): void {
  const begin = BEGINNINGS[(data[0] ?? 0) % BEGINNINGS.length];
  const harness = begin?.() ?? new ServerHarness();
  const { session } = harness;
  for (const part of [data.subarray(1, 1 + (data.length >> 1)), data.subarray(1 + (data.length >> 1))]) {
    session.push(Buffer.from(part));
    const request = harness.requests.at(-1);
    // Every second name is refused, by its length.
    if (request?.kind === 'publish' && request.streamName.length % 2 === 1) session.acceptPublish(request);
    else if (request?.kind === 'play' && request.streamName.length % 2 === 1) session.acceptPlay(request);
    else if (request !== undefined) session.refuse(request, 'NetStream.Publish.BadName', 'no');
  }
  checkEvents(harness);
  if (({} as Record<string, unknown>)['polluted'] !== undefined) throw new Error('a prototype is polluted');
}

function checkEvents(harness: ServerHarness): void {
  const names = harness.eventNames;
  const closedAt = names.indexOf('closed');
  if (closedAt >= 0 && closedAt !== names.length - 1) throw new Error('an event after the end');
  if (closedAt >= 0 !== (harness.session.stateName === 'closed')) throw new Error('the end was not told');
  let publishing = false;
  for (const name of names) {
    if (name === 'publish-request') publishing = true;
    else if (name === 'stopped' || name === 'play-request') publishing = false;
    else if (['audio', 'video', 'data'].includes(name) && !publishing) throw new Error(`${name} without a publisher`);
  }
}
