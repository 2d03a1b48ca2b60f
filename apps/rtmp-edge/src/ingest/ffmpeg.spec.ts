// ffmpeg as the outside judge: what it publishes arrives, frame by frame, and what it is refused for it tells its user.
import { spawn } from 'node:child_process';
import { FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { tagsOf } from '@millrace/ingest/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { CLIP } from '../testing/sample-media.ts';
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

  it('is warned of what viewers notice, and of nothing else, whatever its encoder makes', async () => {
    edge = await TestEdge.start();
    const x264 = (parameters: string) => ['-x264-params', `scenecut=0:${parameters}`];
    const forcedKeyframes = ['-g', '9999', '-force_key_frames', 'expr:gte(t,n_forced*2)'];
    const cases: Readonly<Record<string, readonly [options: readonly string[], codes: readonly string[]]>> = {
      'keyframes each second': [x264('keyint=30:min-keyint=30'), []],
      'keyframes each ten seconds': [x264('keyint=300:min-keyint=300'), ['gop_too_long']],
      'open groups of two seconds': [x264('open-gop=1:keyint=60:min-keyint=60:bframes=3'), ['no_idr']],
      'open groups of eight seconds': [
        x264('open-gop=1:keyint=240:min-keyint=240:bframes=3'),
        ['gop_too_long', 'no_idr'],
      ],
      'intra refresh in two seconds': [x264('intra-refresh=1:keyint=60:bframes=0'), ['no_idr']],
      'a varying frame rate': [
        ['-vf', 'select=lt(mod(t\\,6)\\,3)+not(mod(n\\,5))', '-fps_mode', 'vfr', ...forcedKeyframes],
        [],
      ],
    };
    const source = '-readrate 8 -f lavfi -i testsrc2=s=128x72:r=30 -readrate 8 -f lavfi -i sine -t 30'.split(' ');
    source.push('-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac');
    const found = await Promise.all(
      Object.entries(cases).map(async ([name, [options]]) => {
        const { streamId, key } = edge.control.newStream();
        const url = `rtmp://127.0.0.1:${edge.ports.rtmp}/live/${key}`;
        const { code, stderr } = await ffmpeg(...source, ...options, '-f', 'flv', url);
        expect({ code, stderr }, name).toEqual({ code: 0, stderr: '' });
        const own = edge.control.warned.filter((each) => each.streamId === streamId);
        return [name, [...new Set(own.map(({ warning }) => warning.code))].sort()] as const;
      }),
    );
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(Object.entries(cases).map(([name, [, codes]]) => [name, codes])),
    );
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
