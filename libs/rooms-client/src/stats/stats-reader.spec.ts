import { describe, expect, it } from 'vitest';
import { readPath } from './candidate-path.ts';
import { StatsReader } from './stats-reader.ts';
import type { RawStats } from './stats-report.ts';

const report = (timestamp: number, ...stats: readonly Omit<RawStats, 'timestamp'>[]) =>
  new Map(stats.map((each) => [each.id, { ...each, timestamp }]));

const pair = {
  id: 'pair',
  type: 'candidate-pair',
  nominated: true,
  state: 'succeeded',
  localCandidateId: 'l',
  remoteCandidateId: 'r',
  currentRoundTripTime: 0.025,
  availableOutgoingBitrate: 300_000,
};
const transport = { id: 't', type: 'transport', selectedCandidatePairId: 'pair' };
const remote = { id: 'r', type: 'remote-candidate', candidateType: 'srflx', protocol: 'udp' };
const relayed = { id: 'l', type: 'local-candidate', candidateType: 'relay', protocol: 'udp', relayProtocol: 'tls' };

describe('readPath', () => {
  it('names the way to the relay', () => {
    const local = { ...relayed, url: 'turns:a:5349' };
    expect(readPath(report(0, transport, pair, local, remote))).toEqual({
      local: 'relay',
      remote: 'srflx',
      transport: 'tls',
      relayUrl: 'turns:a:5349',
      roundTripMs: 25,
      availableOutgoingBitsPerSecond: 300_000,
    });
  });

  it('finds the pair where the browser does not name it', () => {
    const other = { ...pair, id: 'other', nominated: false };
    const local = { id: 'l', type: 'local-candidate', candidateType: 'host', protocol: 'tcp' };
    expect(readPath(report(0, other, pair, local, remote))).toMatchObject({
      local: 'host',
      transport: 'tcp',
      relayUrl: undefined,
    });
  });

  it('knows none before there is one', () => {
    expect(readPath(report(0, { ...pair, nominated: false }))).toBeUndefined();
    expect(readPath(new Map())).toBeUndefined();
  });
});

describe('StatsReader', () => {
  const inbound = (bytes: number, packets: number, lost: number) => ({
    id: 'in',
    type: 'inbound-rtp',
    kind: 'video',
    bytesReceived: bytes,
    packetsReceived: packets,
    packetsLost: lost,
    framesDecoded: 42,
    framesPerSecond: 30,
    frameWidth: 640,
    frameHeight: 480,
    jitter: 0.004,
  });

  it('gives rates and shares since the last reading', () => {
    const reader = new StatsReader();
    const first = reader.read(report(1_000, inbound(10_000, 100, 50), { id: 'o', type: 'outbound-rtp', bytesSent: 0 }));
    expect([first.received.bitsPerSecond, first.received.lossPercent]).toEqual([0, undefined]);
    const second = reader.read(
      report(
        3_000,
        inbound(60_000, 190, 60),
        { id: 'o', type: 'outbound-rtp', bytesSent: 25_000 },
        { id: 'ri', type: 'remote-inbound-rtp', fractionLost: 0.02 },
      ),
    );
    expect(second).toMatchObject({
      atMs: 3_000,
      sent: { bitsPerSecond: 100_000, lossPercent: 2 },
      received: {
        bitsPerSecond: 200_000,
        lossPercent: 10,
        videoBytes: 60_000,
        audioBytes: 0,
        framesDecoded: 42,
        framesPerSecond: 30,
        width: 640,
        height: 480,
        jitterMs: 4,
      },
    });
  });

  it('takes late packets back from the losses, and counters that begin again for nothing', () => {
    const reader = new StatsReader();
    reader.read(report(0, inbound(10_000, 100, 10)));
    const { received } = reader.read(report(1_000, inbound(0, 110, 8)));
    expect([received.bitsPerSecond, received.lossPercent]).toEqual([0, 0]);
  });

  it('holds out on an empty report', () => {
    const stats = new StatsReader().read(new Map());
    expect([stats.path, stats.sent.lossPercent, stats.received.jitterMs]).toEqual([undefined, undefined, undefined]);
  });
});
