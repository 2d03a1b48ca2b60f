// The judge is judged: a gateway that breaks one rule after another must not get away with it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HlsRecorder } from './hls-recorder.ts';

interface List {
  readonly first: number;
  readonly durations: readonly number[];
  readonly target?: number;
  readonly discontinuities?: number;
  readonly marked?: number;
}

const write = ({ first, durations, target = 2, discontinuities = 0, marked }: List): string =>
  [
    '#EXTM3U',
    `#EXT-X-TARGETDURATION:${target}`,
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuities}`,
    ...durations.flatMap((duration, i) => [
      ...(marked === first + i ? ['#EXT-X-DISCONTINUITY'] : []),
      `#EXTINF:${duration},`,
      `${first + i}.ts`,
    ]),
    '',
  ].join('\n');

const good: List = { first: 5, durations: [2, 2, 2] };

let server: Server;
let playlist: string;
let bytesOf: (name: string) => string | undefined;
let recorder: HlsRecorder;
beforeEach(async () => {
  playlist = write(good);
  bytesOf = (name) => name;
  server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    const body = name === 'index.m3u8' ? playlist : bytesOf(name);
    response.statusCode = body === undefined ? 404 : 200;
    response.end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  recorder = new HlsRecorder(`http://127.0.0.1:${port}/index.m3u8`, { pollMs: 5 }).start();
  await recorder.until('the first list', ({ segments }) => segments.size === 3);
});
afterEach(async () => {
  await recorder.stop();
  server.close();
});

async function after(next: List): Promise<string> {
  playlist = write(next);
  await recorder.until('the second list', ({ versions }) => versions.length === 2);
  await recorder.stop();
  return recorder.faults.join('\n');
}

it('finds nothing wrong where the list goes on', async () => {
  expect(await after({ first: 6, durations: [2, 2, 2, 1.9] })).toBe('');
  expect([...recorder.segments.keys()]).toEqual([5, 6, 7, 8, 9]);
});

it.each<[string, List, RegExp]>([
  ['a number that goes back', { ...good, first: 4, durations: [2, 2, 2, 2, 2] }, /media sequence 4 after 5/],
  ['a newest segment that is taken back', { ...good, durations: [2, 2] }, /newest segment 6 after 7/],
  ['a segment that changes', { ...good, durations: [2, 1.5, 2, 2] }, /segment 6 changed/],
  ['a discontinuity that comes late', { ...good, durations: [2, 2, 2, 2], marked: 6 }, /segment 6 changed/],
  ['a segment over the target duration', { ...good, durations: [2, 2, 2, 2.6] }, /segment 8 lasts 2.6/],
  ['a target duration that changes', { ...good, durations: [2, 2, 2, 2], target: 3 }, /target duration 3 after 2/],
])('finds %s', async (_, next, fault) => {
  expect(await after(next)).toMatch(fault);
});

it('finds a discontinuity sequence that goes back', async () => {
  playlist = write({ first: 6, durations: [2, 2, 2], discontinuities: 1 });
  await recorder.until('a later list', ({ versions }) => versions.length === 2);
  playlist = write({ first: 7, durations: [2, 2, 2] });
  await recorder.until('the last list', ({ versions }) => versions.length === 3);
  expect(recorder.faults.join('\n')).toMatch(/discontinuity sequence 0 after 1/);
});

it('finds a segment that is listed and not there, and one whose bytes change', async () => {
  bytesOf = (name) => (name === '8.ts' ? undefined : name);
  expect(await after({ ...good, durations: [2, 2, 2, 2] })).toMatch(/segment 8 is listed but answers 404/);
  bytesOf = () => 'other bytes';
  await recorder.verifyUnchanged();
  expect(recorder.faults.join('\n')).toMatch(/segment 5 has other bytes now/);
});
