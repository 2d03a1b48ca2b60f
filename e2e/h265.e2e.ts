// H.265 by Enhanced RTMP: every picture that the encoder sent is decoded from HLS, and comes over HTTP-FLV as it was sent. A browser
// that cannot decode it says so.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodePictures } from './support/decode-pictures.ts';
import { eventually } from './support/eventually.ts';
import { readFlvTags } from './support/flv-tags.ts';
import type { FlvTag } from './support/flv-tags.ts';
import { HlsRecorder } from './support/hls-recorder.ts';
import { RawRtmpClient } from './support/raw-rtmp-client.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { TenantApi } from './support/tenant-api.ts';
import { WatchPage } from './support/watch-page.ts';

/** Written by FFmpeg 8, as it sends Enhanced RTMP. */
const FILE = new URL('../media/bbb-h265-aac-enhanced.flv', import.meta.url).pathname;
const PICTURES = 120;
const [AUDIO, VIDEO] = [8, 9];
const START_CODE = Buffer.of(0, 0, 0, 1);

let server: Standalone;
beforeAll(async () => {
  server = await startStandalone();
});
afterAll(() => server?.stop());

/** ExVideoTagHeader: FourCC `hvc1`, PacketType 0 for a record, 1 with a composition time, 3 without. */
function h265Of(tags: readonly FlvTag[]): { readonly records: Buffer[]; readonly pictures: Buffer[] } {
  const records: Buffer[] = [];
  const pictures: Buffer[] = [];
  for (const { type, body } of tags) {
    if (type !== VIDEO || body.toString('latin1', 1, 5) !== 'hvc1') continue;
    const packetType = body[0]! & 15;
    if (packetType === 0) records.push(body.subarray(5));
    if (packetType === 1) pictures.push(body.subarray(8));
    if (packetType === 3) pictures.push(body.subarray(5));
  }
  return { records, pictures };
}

/** The parameter sets of a record (ISO/IEC 14496-15 section 8.3.3.1.2) and the pictures, behind start codes. */
function byteStream(record: Buffer, pictures: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  for (let arrays = record[22]!, at = 23; arrays > 0; arrays--) {
    let units = record.readUInt16BE(at + 1);
    for (at += 3; units > 0; units--) {
      const length = record.readUInt16BE(at);
      parts.push(START_CODE, record.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  for (const picture of pictures)
    for (let at = 0; at < picture.length;) {
      const length = picture.readUInt32BE(at);
      parts.push(START_CODE, picture.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
  return Buffer.concat(parts);
}

it('is decoded from HLS picture by picture, named in the playlist, carried by HTTP-FLV, and explained where it cannot be decoded', async () => {
  const api = TenantApi.of(server.quickstart);
  const stream = await api.createStream('h265', { reconnect_window_seconds: 1 });
  const recorder = new HlsRecorder(stream.playlistUrl).start();
  const watchPage = await WatchPage.open(stream.watchUrl);
  const isDecoded = await watchPage.page.evaluate(() =>
    MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L60.90"'),
  );
  const shown = watchPage.until('the page has tried', ({ text, framesDecoded }) =>
    isDecoded ? framesDecoded > 0 : text.includes('This browser cannot decode the stream'),
  );
  shown.catch(() => undefined);
  const tags = readFlvTags(FILE);
  const flvUrl = `http://127.0.0.1:${server.ports.http}/live/${stream.playbackId}.flv`;
  const client = await RawRtmpClient.publish(server.ports.rtmp, 'live', stream.key);
  await client.setChunkSize(4096);
  let flv: Promise<Response> | undefined;
  const startedAt = performance.now();
  for (const { type, timestampMs, body } of tags) {
    const waitMs = startedAt + timestampMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
    const chunks = { csid: type === AUDIO ? 4 : 6, headers: 'full' } as const;
    await client.send({ type, streamId: 1, timestamp: timestampMs, body }, chunks);
    if (type === VIDEO) flv ??= fetch(flvUrl);
  }
  const multivariant = await eventually('the playlist is there', async () => {
    const answer = await fetch(new URL('master.m3u8', stream.playlistUrl));
    return answer.ok ? answer.text() : undefined;
  });
  expect(client.closed, client.statuses.at(-1)?.description).toBe(false);
  await client.command('deleteStream', 9, null, 1);
  await client.end();
  await shown;
  expect(watchPage.losses).toEqual([]);
  await watchPage.browser.close();
  await recorder.until('the list is closed', ({ last }) => last?.ended === true);
  await recorder.stop();

  expect(multivariant).toMatch(/CODECS="hvc1\.1\.6\.L60\.90,mp4a\.40\.2",RESOLUTION=320x180/);
  const sent = h265Of(tags);
  expect(sent.pictures).toHaveLength(PICTURES);
  const wanted = await decodePictures('hevc', byteStream(sent.records[0]!, sent.pictures));
  const segments = Buffer.concat(recorder.ordered.map(({ bytes }) => bytes));
  const seen = await decodePictures('mpegts', segments);
  expect(wanted.hashes).toHaveLength(PICTURES);
  expect(seen.hashes).toEqual(wanted.hashes);

  const folder = temporaryFolder('h265');
  const file = join(folder.path, 'viewed.flv');
  const answer = await flv!;
  expect(answer.status).toBe(200);
  writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
  expect(readFileSync(file).subarray(0, 3).toString()).toBe('FLV');
  const viewed = h265Of(readFlvTags(file));
  expect(viewed.records.length).toBeGreaterThan(0);
  expect(viewed.pictures).toEqual(sent.pictures.slice(-viewed.pictures.length));
  expect(viewed.pictures.length).toBeGreaterThan(PICTURES / 2);
  folder.remove();
});
