// ffmpeg as the outside judge: what it publishes arrives, frame by frame, and what it is refused for it tells its user.
import { spawn } from 'node:child_process';
import { FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { afterEach, describe, expect, it } from 'vitest';
import { CLIP, tagsOf } from '../testing/sample-media.ts';
import { TestEdge } from '../testing/test-edge.ts';

async function ffmpeg(...args: string[]): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const options = ['-hide_banner', '-loglevel', 'error', '-nostdin', ...args];
  const child = spawn('ffmpeg', options, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stderr };
}

/**
 * At a pace: FFmpeg hangs up without reading the last answers, so its kernel resets the connection and ours drops what the edge has
 * not read yet. As fast as it can, that is seconds of the clip.
 */
const publish = (url: string) => ffmpeg('-readrate', '8', '-i', CLIP, '-c', 'copy', '-f', 'flv', url);

const isMedia = (frame: Frame) => (frame.flags & FrameFlag.configuration) === 0;
const hex = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

describe('ffmpeg publishing to an edge', () => {
  let edge: TestEdge;
  afterEach(() => edge.stop());

  it('has every coded frame of the file on the bus, in order, with its time', async () => {
    edge = await TestEdge.start();
    const stream = edge.control.newStream();
    const recorder = await edge.record(stream.streamId);
    const { code, stderr } = await publish(`rtmp://127.0.0.1:${edge.ports.rtmp}/live/${stream.key}`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);

    const tags = tagsOf(CLIP);
    for (const [kind, type, header] of [
      [FrameKind.video, 9, 5],
      [FrameKind.audio, 8, 2],
    ] as const) {
      const sent = tags.filter((tag) => tag.type === type && tag.body[1] === 1);
      const zero = tags.find(({ type: t, body }) => t !== 18 && body[1] === 1)!.timestamp;
      const frames = recorder.frames.filter((frame) => frame.kind === kind && isMedia(frame));
      expect(frames.length).toBe(sent.length);
      expect(frames.map(({ payload }) => hex(payload))).toEqual(sent.map(({ body }) => hex(body.subarray(header))));
      expect(frames.map(({ dts90k }) => dts90k)).toEqual(sent.map(({ timestamp }) => (timestamp - zero) * 90));
      if (kind === FrameKind.video) {
        const offsets = sent.map(({ body }) => ((body.readUIntBE(2, 3) << 8) >> 8) * 90);
        expect(frames.map(({ compositionOffset90k }) => compositionOffset90k)).toEqual(offsets);
      }
    }
    expect(recorder.faults).toEqual([]);
    expect(recorder.frames.at(-1)!.flags).toBe(FrameFlag.unpublished);
    expect(edge.control.ended).toMatchObject([{ reason: 'unpublished', claim: { streamId: stream.streamId } }]);
  });

  it.each([
    ['a key that does not exist', 'live/mr_st_wrong', 'bad key'],
    ['no key', 'live', 'bad key'],
  ])('tells its user why it is refused with %s', async (_, path, words) => {
    edge = await TestEdge.start();
    const { code, stderr } = await publish(`rtmp://127.0.0.1:${edge.ports.rtmp}/${path}`);
    expect(code).not.toBe(0);
    expect(stderr).toContain(words);
  });

  it('tells its user about a codec that is not carried', async () => {
    edge = await TestEdge.start();
    const { key } = edge.control.newStream();
    const url = `rtmp://127.0.0.1:${edge.ports.rtmp}/live/${key}`;
    const source = ['-f', 'lavfi', '-i', 'testsrc2=s=128x72:r=10', '-t', '30'];
    const { code, stderr } = await ffmpeg('-re', ...source, '-c:v', 'flv1', '-f', 'flv', url);
    expect(code).not.toBe(0);
    expect(stderr).toContain('unsupported codec');
    expect(edge.control.ended).toMatchObject([{ reason: 'unsupported_codec' }]);
  });
});
