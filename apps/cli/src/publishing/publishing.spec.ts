import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { FlvTagType } from '@millrace/protocol/flv';
import { describe, expect, it } from 'vitest';
import { ExitCode } from '../command-line/exit-code.ts';
import { inRealTime, readFlvFile, readTags } from './flv-source.ts';
import type { MediaTag } from './flv-source.ts';
import { EncoderConnection, rtmpServer } from './encoder-connection.ts';

const CLIP = resolve(import.meta.dirname, '../../../../media/bbb-h264-aac.flv');

describe('an FLV file', () => {
  it('goes on with growing times when it begins again, and sends the codec configuration once', async () => {
    const last = new Map<number, number>();
    let configurations = 0;
    for await (const { type, timestampMs, data } of readFlvFile(CLIP, true)) {
      expect(timestampMs - (last.get(type) ?? timestampMs)).toBeGreaterThanOrEqual(0);
      expect(timestampMs - (last.get(type) ?? timestampMs)).toBeLessThan(200);
      last.set(type, timestampMs);
      if (type === FlvTagType.video && data[1] === 0) configurations++;
      if (timestampMs > 70_000) break;
    }
    expect(configurations).toBe(1);
  });

  it('ends at its end without a loop', async () => {
    let lastMs = 0;
    for await (const { timestampMs } of readFlvFile(CLIP, false)) lastMs = timestampMs;
    expect(lastMs).toBeGreaterThan(29_000);
    expect(lastMs).toBeLessThan(31_000);
  });

  it('is refused when it is none', async () => {
    const tags = readTags(Readable.from([Buffer.from('not a film at all')]), 'x.flv');
    await expect(tags.next()).rejects.toThrow(/x\.flv is not FLV/);
  });
});

describe('the pace', () => {
  it('is that of the timestamps, from the first one on', async () => {
    async function* tags(): AsyncGenerator<MediaTag> {
      for (const timestampMs of [5_000, 5_000, 5_050, 5_100])
        yield { type: FlvTagType.audio, timestampMs, data: Buffer.of(0) };
    }
    const startedAt = performance.now();
    const at: number[] = [];
    for await (const tag of inRealTime(tags(), new AbortController().signal)) {
      void tag;
      at.push(performance.now() - startedAt);
    }
    expect(at[1]).toBeLessThan(at[2]!);
    expect(at[2]).toBeGreaterThanOrEqual(48);
    expect(at[3]).toBeGreaterThanOrEqual(98);
  });
});

describe('a connection to something else', () => {
  it('says that it is not RTMP', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'.padEnd(4_000, 'x'))).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const connection = new EncoderConnection({ server: rtmpServer(`rtmp://127.0.0.1:${port}/live`), streamKey: 'x' });
    await expect(connection.accepted()).rejects.toThrow(/does not speak RTMP/);
    await connection.end();
    server.close();
  });

  it('says so when nothing listens, and when nothing is answered', async () => {
    const closed = new EncoderConnection({ server: rtmpServer('rtmp://127.0.0.1:1/live'), streamKey: 'x' });
    await expect(closed.accepted()).rejects.toMatchObject({ exitCode: ExitCode.unreachable });
    await closed.end();
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const silent = new EncoderConnection({ server: rtmpServer(`rtmp://127.0.0.1:${port}/live`), streamKey: 'x' });
    await expect(silent.accepted(100)).rejects.toThrow(/no answer/);
    await silent.end();
    server.close();
  });
});
