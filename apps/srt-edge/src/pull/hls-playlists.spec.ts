// Playlists that a source wrote to keep the edge busy.
import { describe, expect, it } from 'vitest';
import { chooseVariants, SegmentQueue } from './hls-playlists.ts';

const FROM = new URL('http://source.example/index.m3u8');
/** Far less than all pairs take, far more than all lines do. */
const CPU_MS = 3_000;

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1_000;
}

const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('');

describe('the playlists of a source', () => {
  it('may list CMAF, whose sound is apart, before MPEG-TS, which is taken: as Millrace does with low latency', () => {
    const master = [
      '#EXTM3U',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,URI="audio.m3u8"',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="muxed",NAME="Audio",DEFAULT=YES',
      '#EXT-X-STREAM-INF:BANDWIDTH=2000000,AUDIO="audio"',
      'video.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=1900000,AUDIO="muxed"',
      'index.m3u8',
    ].join('\n');
    expect(chooseVariants(master, new URL('https://origin.example.com/hls/a/master.m3u8'))[0]).toEqual({
      url: new URL('https://origin.example.com/hls/a/index.m3u8'),
      bandwidth: 1_900_000,
      isWithoutSound: false,
    });
  });

  it('may list thousands of variants and groups: no variant is compared with each of the groups', () => {
    const groups = lines(12_000, () => '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="a",URI="b"\n');
    const variants = lines(12_000, (i) => `#EXT-X-STREAM-INF:BANDWIDTH=${(i * 7_919) % 10_007},AUDIO="a"\nv${i}\n`);
    const last = '#EXT-X-STREAM-INF:BANDWIDTH=99999,AUDIO="b"\nsilent\n';
    let chosen: unknown;
    expect(cpuMs(() => ([chosen] = chooseVariants(`#EXTM3U\n${groups}${variants}${last}`, FROM)))).toBeLessThan(CPU_MS);
    expect(chosen).toMatchObject({ bandwidth: 10_006, isWithoutSound: false });
  });

  it('may define thousands of variables, of which none is used', () => {
    const text = `#EXTM3U\n#EXT-X-TARGETDURATION:2\n${lines(40_000, (i) => `#EXT-X-DEFINE:NAME="v${i}",VALUE="a"\n`)}`;
    const queue = new SegmentQueue();
    expect(cpuMs(() => expect(() => queue.read(text, FROM)).toThrow('uses variables'))).toBeLessThan(CPU_MS);
  });

  it.each([301, 2_147_484, Number.MAX_SAFE_INTEGER])(
    'have no segments of %d s, whose deadlines no timer holds',
    (s) => {
      const queue = new SegmentQueue();
      const text = `#EXTM3U\n#EXT-X-TARGETDURATION:${s}\n#EXTINF:1\na.ts\n`;
      expect(() => queue.read(text, FROM)).toThrow('segments of more than 300 s');
    },
  );
});
