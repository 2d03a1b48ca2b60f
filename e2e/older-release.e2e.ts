// Packagers of two releases in one cluster: a codec that the older one cannot read is written once that one is gone, and not before.
import { serviceProcess } from '@millrace/tools/cluster';
import { expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { readFlvTags } from './support/flv-tags.ts';
import { OLDER_FEATURES, OLDER_PACKAGER, UNREADABLE_FRAME } from './support/older-release.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { RawRtmpClient } from './support/raw-rtmp-client.ts';
import { startCluster } from './support/start-cluster.ts';
import { TenantApi } from './support/tenant-api.ts';

const OLDER = 'packager-1';
const media = (name: string): string => new URL(`../media/${name}`, import.meta.url).pathname;

it('AV1 is refused with the reason while a packager of an older release is live, whose stream plays on, and taken once it is gone', async () => {
  const cluster = await startCluster({
    edges: 1,
    packagers: 2,
    runService: (options) => serviceProcess(options.name === OLDER ? { ...options, main: OLDER_PACKAGER } : options),
  });
  try {
    const api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
    const [port] = cluster.ports.edges.map(({ rtmp }) => rtmp);
    const av1 = readFlvTags(media('bbb-av1-opus-enhanced.flv')).filter(({ type }) => type === 9);
    const publishAv1 = async (name: string) => {
      const stream = await api.createStream(name, { latency_mode: 'low' });
      const client = await RawRtmpClient.publish(port!, 'live', stream.key);
      await client.setChunkSize(4096);
      for (const { type, timestampMs: timestamp, body } of av1)
        if (!client.closed) await client.send({ type, streamId: 1, timestamp, body }, { csid: type, headers: 'full' });
      return { stream, client };
    };

    // Each of the two takes the one or the other.
    const streams = await Promise.all(['one', 'two', 'three', 'four'].map((name) => api.createStream(name)));
    const encoders = await Promise.all(
      streams.map(({ key }) => publishWithFfmpeg(`${cluster.rtmpUrl(1)}/${key}`, media('bbb-h264-aac.flv'))),
    );
    const numberOf = async (url: string): Promise<number> => {
      const text = await (await fetch(url)).text();
      return Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]) + (text.match(/#EXTINF/g) ?? []).length;
    };
    for (const { playlistUrl } of streams) await eventually('it is live', async () => (await fetch(playlistUrl)).ok);

    const REASON = 'av1, which the packagers of this server cannot all read yet';
    const isRefused = (client: RawRtmpClient): boolean =>
      client.statuses.some(({ description }) => description.includes(REASON));
    const early = await publishAv1('too early');
    await eventually('it is refused', () => isRefused(early.client));
    await early.client.end();

    const process = cluster.process(OLDER);
    await process.stop();
    for (const { playlistUrl } of streams) {
      const before = await numberOf(playlistUrl);
      await eventually('it plays on', async () => (await numberOf(playlistUrl)) > before);
    }
    const late = await eventually('AV1 is taken', async () => {
      const { stream, client } = await publishAv1('late');
      const master = `${cluster.gatewayUrl(1)}/hls/${stream.playbackId}/master.m3u8`;
      const found = await eventually('it is taken or refused', async () => {
        if (isRefused(client)) return { text: '' };
        const answer = await fetch(master);
        return answer.ok ? { text: await answer.text() } : undefined;
      });
      await client.end();
      return found.text === '' ? undefined : found.text;
    });
    expect(late).toContain('av01');
    expect(cluster.logs(OLDER).lines.filter((line) => line.includes(UNREADABLE_FRAME))).toEqual([]);
    expect(OLDER_FEATURES).not.toContain('av1');
    for (const encoder of encoders) await encoder.stop();
  } finally {
    await cluster.stop();
  }
});
