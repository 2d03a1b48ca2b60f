// From the browser's counters to plain figures: rates and shares since the last reading.
import { readPath } from './candidate-path.ts';
import type { CandidatePath } from './candidate-path.ts';
import { ofType } from './stats-report.ts';
import type { RawReport, RawStats } from './stats-report.ts';

export interface LinkStats {
  readonly atMs: number;
  /** Undefined as long as nothing connects. */
  readonly path: CandidatePath | undefined;
  readonly sent: {
    readonly bitsPerSecond: number;
    /** By the peer's last report, of what was sent to it. */
    readonly lossPercent: number | undefined;
  };
  readonly received: {
    readonly bitsPerSecond: number;
    readonly lossPercent: number | undefined;
    readonly audioBytes: number;
    readonly videoBytes: number;
    readonly framesDecoded: number;
    readonly framesPerSecond: number;
    /** Of the largest picture that arrives. */
    readonly width: number;
    readonly height: number;
    readonly jitterMs: number | undefined;
  };
}

interface Counters {
  readonly atMs: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
}

const sum = (stats: readonly RawStats[], member: (each: RawStats) => number | undefined): number =>
  stats.reduce((total, each) => total + (member(each) ?? 0), 0);

const largest = (stats: readonly RawStats[], member: (each: RawStats) => number | undefined): number =>
  stats.reduce((most, each) => Math.max(most, member(each) ?? 0), 0);

export class StatsReader {
  #before: Counters | undefined;

  read(report: RawReport): LinkStats {
    const inbound = ofType(report, 'inbound-rtp');
    const outbound = ofType(report, 'outbound-rtp');
    const now: Counters = {
      atMs: Math.max(...[...report.values()].map(({ timestamp }) => timestamp), 0),
      bytesSent: sum(outbound, ({ bytesSent }) => bytesSent),
      bytesReceived: sum(inbound, ({ bytesReceived }) => bytesReceived),
      packetsReceived: sum(inbound, ({ packetsReceived }) => packetsReceived),
      packetsLost: sum(inbound, ({ packetsLost }) => packetsLost),
    };
    const before = this.#before ?? now;
    this.#before = now;
    const reported = ofType(report, 'remote-inbound-rtp').filter(({ fractionLost }) => fractionLost !== undefined);
    const video = inbound.filter(({ kind }) => kind === 'video');
    const jitters = inbound.filter(({ jitter }) => jitter !== undefined);
    return {
      atMs: now.atMs,
      path: readPath(report),
      sent: {
        bitsPerSecond: rate(now, before, 'bytesSent'),
        lossPercent: reported.length === 0 ? undefined : 100 * largest(reported, ({ fractionLost }) => fractionLost),
      },
      received: {
        bitsPerSecond: rate(now, before, 'bytesReceived'),
        lossPercent: lossPercent(now, before),
        audioBytes: sum(
          inbound.filter(({ kind }) => kind === 'audio'),
          ({ bytesReceived }) => bytesReceived,
        ),
        videoBytes: sum(video, ({ bytesReceived }) => bytesReceived),
        framesDecoded: sum(video, ({ framesDecoded }) => framesDecoded),
        framesPerSecond: largest(video, ({ framesPerSecond }) => framesPerSecond),
        width: largest(video, ({ frameWidth }) => frameWidth),
        height: largest(video, ({ frameHeight }) => frameHeight),
        jitterMs: jitters.length === 0 ? undefined : 1000 * largest(jitters, ({ jitter }) => jitter),
      },
    };
  }
}

function rate(now: Counters, before: Counters, counter: 'bytesSent' | 'bytesReceived'): number {
  const seconds = (now.atMs - before.atMs) / 1000;
  // Counters begin again at 0 when a sender is made anew.
  return seconds <= 0 ? 0 : Math.max(0, (8 * (now[counter] - before[counter])) / seconds);
}

function lossPercent(now: Counters, before: Counters): number | undefined {
  const received = now.packetsReceived - before.packetsReceived;
  // Late packets are taken back from the losses (RFC 3550 §6.4.1).
  const lost = Math.max(0, now.packetsLost - before.packetsLost);
  return received + lost <= 0 ? undefined : (100 * lost) / (received + lost);
}
