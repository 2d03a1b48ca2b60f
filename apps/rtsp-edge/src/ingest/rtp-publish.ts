// What is published out of RTP packets, whichever side asked for them: tracks, their clocks, reports, the publisher of the stream.
import type { PublishClaim } from '@millrace/domain';
import { claimIds, publishSummary } from '@millrace/ingest';
import type { ActivePublisher, EncoderPeer, LivePublisher, MediaWatch, PublishDecision } from '@millrace/ingest';
import { ProtocolError } from '@millrace/protocol/bytes';
import { decodeRtcp, decodeRtpPacket, encodeReceiverReport, RtcpType } from '@millrace/protocol/rtp';
import type { ReorderBuffer, RtpPacket, SequenceCounter } from '@millrace/protocol/rtp';
import { encodeInterleaved } from '@millrace/protocol/rtsp';
import type { Logger } from '@millrace/service-kit';
import type { RtspEdgeContext } from '../channel/rtsp-edge-context.ts';
import type { ChosenTransport } from '../udp/chosen-transport.ts';
import type { AnnouncedTrack } from './announced-tracks.ts';
import { DRAINED } from './refusal-status.ts';
import { RtpAudioIntake } from './rtp-audio-intake.ts';
import { RtpVideoIntake } from './rtp-video-intake.ts';
import { SessionClock } from './track-clock.ts';
import type { TrackClock } from './track-clock.ts';

/** How often a sender is told what has come (RFC 3550 section 6.2: every five seconds at least). */
const REPORT_MS = 5_000;
const NAME = 'millrace';

export type UdpTransport = Extract<ChosenTransport, { kind: 'udp' }>;

/** Packets of one media of the description, and of its reports. */
export interface TrackInput {
  readonly track: AnnouncedTrack;
  readonly clock: TrackClock;
  readonly intake: RtpVideoIntake | RtpAudioIntake | undefined;
  /** Channels of the connection; undefined before it is set up, and over UDP. */
  channels: readonly [rtp: number, rtcp: number] | undefined;
  /** Ports, where it is set up over UDP, and the packets that wait for others. */
  udp: { readonly transport: UdpTransport; readonly packets: ReorderBuffer<RtpPacket> } | undefined;
  /** Of its packets; undefined before the first one. */
  ssrc: number | undefined;
}

/** The connection that the packets come by. */
export interface RtpConnection {
  readonly peer: EncoderPeer;
  readonly logger: Logger;
  /** Over UDP too. */
  readonly bytesReceived: number;
  /** Sends what is seldom and small. */
  send(bytes: Buffer): void;
  /** Reads again, after `accepting` was false. */
  resume(): void;
  /** Ends the connection once what was written is sent. */
  end(reason: string): void;
}

export interface RtpPublishOptions {
  readonly claim: PublishClaim;
  /** What the sender calls itself. */
  readonly encoder: string;
  readonly tracks: readonly AnnouncedTrack[];
  readonly connection: RtpConnection;
  readonly context: RtspEdgeContext;
}

export class RtpPublish {
  readonly inputs: readonly TrackInput[];
  readonly #options: RtpPublishOptions;
  readonly #publisher: LivePublisher;
  readonly #watch: MediaWatch;
  readonly #active: ActivePublisher;
  readonly #byChannel = new Map<number, { readonly input: TrackInput; readonly isRtcp: boolean }>();
  /** Names this side in reports. */
  readonly #ssrc: number;
  readonly #bytesBefore: number;
  #mediaPackets = 0;
  #reports: NodeJS.Timeout | undefined;
  #ending: NodeJS.Timeout | undefined;

  /** @returns undefined when the frame bus does not take the publisher; the claim is released then */
  static open(
    decision: Extract<PublishDecision, { granted: true }>,
    options: Omit<RtpPublishOptions, 'claim'>,
  ): RtpPublish | undefined {
    const { connection, context } = options;
    const { publishes } = context.ingest;
    const { claim } = decision;
    try {
      return new RtpPublish({ ...options, claim }, publishes.open(decision));
    } catch (error) {
      connection.logger.error({ err: error, ...claimIds(claim) }, 'the frame bus did not accept the publisher');
      publishes.release(claim);
      return undefined;
    }
  }

  private constructor(options: RtpPublishOptions, publisher: LivePublisher) {
    this.#options = options;
    this.#publisher = publisher;
    const { claim, tracks, connection, context } = options;
    const { ingest, settings } = context;
    this.#bytesBefore = connection.bytesReceived;
    this.#watch = ingest.watch(
      claim,
      // RTSP has no message for either: the log, the session and the metrics have them.
      { warn: () => undefined, refuseCodec: () => connection.end('unsupported_codec') },
      connection.logger,
    );
    this.#watch.follow(publisher);
    publisher.onDrain = () => connection.resume();
    publisher.sequencer.expectVideo(tracks.some(({ kind }) => kind === 'video'));
    publisher.beforeEnd = () => {
      for (const input of this.inputs) {
        for (const packet of input.udp?.packets.flush() ?? []) this.#deliver(input, packet);
        if (input.intake instanceof RtpVideoIntake) input.intake.flush();
      }
    };
    const encoderClock = publisher.followClock(this.#watch);
    const clock = new SessionClock(ingest.clock, (wallMs, sinceFirstMs) => encoderClock.read(wallMs, sinceFirstMs));
    this.#ssrc = Number.parseInt(claim.sessionId.replaceAll(/[^0-9a-f]/gi, '').slice(-7), 16) || 1;
    this.inputs = tracks.map((track) => this.#inputOf(track, clock, settings.rtspMaxPictureBytes));
    this.#active = {
      publisher,
      health: this.#watch,
      cut: (refusal) => connection.end(refusal),
      end: (patienceMs) => this.#endAtKeyframe(patienceMs),
      askToReconnect: () => false,
    };
    ingest.publishes.begin(this.#active, connection.peer);
  }

  /** False while the bus is too far behind to take more. */
  get accepting(): boolean {
    return this.#publisher.accepting;
  }

  /** Packets of tracks that came, without reports and what is not of the description. */
  get mediaPackets(): number {
    return this.#mediaPackets;
  }

  /** Whether any track has its packets on channels of the connection. */
  get hasChannels(): boolean {
    return this.#byChannel.size > 0;
  }

  isTaken(channel: number): boolean {
    return this.#byChannel.has(channel);
  }

  /** Packets of a track, and of its reports, come on these channels of the connection. */
  useChannels(input: TrackInput, channels: readonly [rtp: number, rtcp: number]): void {
    input.channels = channels;
    this.#byChannel.set(channels[0], { input, isRtcp: false });
    this.#byChannel.set(channels[1], { input, isRtcp: true });
  }

  /** Media flows from now on. */
  begin(): void {
    this.#reports ??= setInterval(() => this.#report(), REPORT_MS);
  }

  /** A packet on one of the channels; a view of what was read. */
  onFrame(channel: number, packet: Buffer): void {
    const found = this.#byChannel.get(channel);
    // Nothing is expected on other channels: what comes there is left out, as RFC 2326 section 10.12 lets a peer do.
    if (found !== undefined) this.onPacket(found.input, found.isRtcp, packet);
  }

  onPacket(input: TrackInput, isRtcp: boolean, packet: Buffer): void {
    this.#publisher.counts.receivedBytes = this.#options.connection.bytesReceived - this.#bytesBefore;
    try {
      if (isRtcp) this.#onRtcp(input, packet);
      else this.#onRtp(input, packet);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const { track } = input;
      const medium = track.kind === 'ignored' ? track.medium : track.kind;
      if (medium !== undefined) this.#watch.dropped(medium, 'malformed_tag');
    }
    if (!this.#publisher.accepting) this.#options.context.metrics.backpressure.inc();
  }

  /** Delivers what has waited too long for packets that are missing, over UDP. */
  expire(): void {
    const now = this.#options.context.ingest.clock();
    for (const input of this.inputs)
      for (const packet of input.udp?.packets.expire(now) ?? []) this.#deliver(input, packet);
  }

  /** Ends a publish of which nothing is carried, before it has begun. @returns the sentence for its encoder; undefined when something is carried */
  refuseUncarried(): string | undefined {
    const { tracks } = this.#options;
    if (tracks.some(({ kind }) => kind !== 'ignored')) return undefined;
    const announced = tracks.flatMap((track) =>
      track.kind === 'ignored' && track.medium !== undefined && track.unsupported !== undefined
        ? [[track.medium, track.unsupported] as const]
        : [],
    );
    const detail = this.#watch.nothingCarried(announced);
    this.close('unsupported_codec', false);
    return detail;
  }

  /** A track that the sender describes is not carried: as if its packets came. */
  leaveOut(track: AnnouncedTrack): void {
    if (track.kind !== 'ignored' || track.medium === undefined) return;
    if (track.unsupported !== undefined) return this.#watch.unsupported(track.medium, track.unsupported);
    this.#watch.leftOut(track.medium);
    this.#watch.warn('tracks_left_out', track.medium, `${track.medium}: not carried: all but the first`);
  }

  /** The connection is over. @param isAnnounced whether the sender said that it is done */
  close(reason: string, isAnnounced: boolean): void {
    clearInterval(this.#reports);
    clearTimeout(this.#ending);
    this.#watch.stop();
    const { encoder, connection, context } = this.#options;
    const { claim, counts } = this.#publisher;
    counts.receivedBytes = connection.bytesReceived - this.#bytesBefore;
    context.ingest.publishes.finish(this.#active, connection.peer, reason, isAnnounced);
    for (const { udp } of this.inputs) udp?.transport.close();
    connection.logger.info(publishSummary(claim, counts, reason, encoder), 'publish ended');
  }

  #inputOf(track: AnnouncedTrack, clock: SessionClock, maxBytes: number): TrackInput {
    const trackClock = clock.open(track.clockRate);
    const publisher = this.#publisher;
    const intake =
      track.kind === 'video'
        ? new RtpVideoIntake(track, trackClock, publisher, this.#watch, maxBytes)
        : track.kind === 'audio'
          ? new RtpAudioIntake(track, trackClock, publisher, this.#watch)
          : undefined;
    return { track, clock: trackClock, intake, channels: undefined, udp: undefined, ssrc: undefined };
  }

  #onRtp(input: TrackInput, bytes: Buffer): void {
    const { track } = input;
    const packet = decodeRtpPacket(bytes);
    if (packet.payloadType !== track.payloadType) return;
    // RFC 3550 section 8.2: another source that shows up in the middle is not mixed with the first.
    input.ssrc ??= packet.ssrc;
    if (packet.ssrc !== input.ssrc || packet.payload.length === 0) return;
    this.#mediaPackets++;
    if (input.udp === undefined) return this.#deliver(input, packet);
    const now = this.#options.context.ingest.clock();
    for (const next of input.udp.packets.push(packet.sequence, packet, now)) this.#deliver(input, next);
  }

  #deliver({ track, intake }: TrackInput, packet: RtpPacket): void {
    if (intake !== undefined) intake.packet(packet);
    else this.leaveOut(track);
  }

  #onRtcp({ clock }: TrackInput, bytes: Buffer): void {
    for (const report of decodeRtcp(bytes))
      if (report.type === RtcpType.senderReport) clock.report(report.wallClockMs, report.rtpTimestamp);
  }

  #report(): void {
    for (const { channels, udp, intake, ssrc } of this.inputs) {
      if (intake === undefined || ssrc === undefined) continue;
      const report = reportOf(this.#ssrc, ssrc, intake.sequence);
      if (channels !== undefined) this.#options.connection.send(encodeInterleaved(channels[1], report));
      udp?.transport.pair.send(true, report);
    }
  }

  #endAtKeyframe(patienceMs: number): void {
    const { connection } = this.#options;
    const end = (): void => connection.end(DRAINED);
    const video = this.inputs.map(({ intake }) => intake).find((intake) => intake instanceof RtpVideoIntake);
    if (patienceMs === 0 || video === undefined || this.#publisher.counts.videoFrames === 0) return end();
    this.#ending = setTimeout(end, patienceMs);
    video.stopBeforeKeyframe(end);
  }
}

const reportOf = (ssrc: number, senderSsrc: number, { lost, highest }: SequenceCounter): Buffer =>
  encodeReceiverReport({ ssrc, senderSsrc, lost, highestSequence: highest }, NAME);
