// What one encoder publishes over RTSP: announced, set up, recorded (RFC 2326 sections 10.3, 10.4 and 10.11).
import type { PublishClaim } from '@millrace/domain';
import { claimIds, publishSummary } from '@millrace/ingest';
import type { ActivePublisher, LivePublisher, MediaWatch, PublishDecision } from '@millrace/ingest';
import { ProtocolError } from '@millrace/protocol/bytes';
import { decodeRtcp, decodeRtpPacket, encodeReceiverReport, ReorderBuffer, RtcpType } from '@millrace/protocol/rtp';
import type { RtpPacket, SequenceCounter } from '@millrace/protocol/rtp';
import { encodeInterleaved, RtspStatus } from '@millrace/protocol/rtsp';
import type { RtspRequest } from '@millrace/protocol/rtsp';
import { parseSessionDescription } from '@millrace/protocol/sdp';
import type { RtspEdgeContext } from '../channel/rtsp-edge-context.ts';
import type { RtspChannel, RtspSession } from '../channel/rtsp-session.ts';
import { reply } from '../channel/rtsp-reply.ts';
import type { RtspReply } from '../channel/rtsp-reply.ts';
import { chooseTransport, formatUdpTransport } from '../udp/chosen-transport.ts';
import type { ChosenTransport } from '../udp/chosen-transport.ts';
import { announcedTracks } from './announced-tracks.ts';
import type { AnnouncedTrack } from './announced-tracks.ts';
import { RtpAudioIntake } from './rtp-audio-intake.ts';
import { DRAINED, refusalReply } from './refusal-status.ts';
import { namedKeyId, PUBLISH_APP, REALM, shownCredentials } from './shown-credentials.ts';
import { SessionClock } from './track-clock.ts';
import type { TrackClock } from './track-clock.ts';
import { RtpVideoIntake } from './rtp-video-intake.ts';

/** How often an encoder is told what has come (RFC 3550 section 6.2: every five seconds at least). */
const REPORT_MS = 5_000;
const NAME = 'millrace';
/** How exactly it is kept to how long packets wait for others. */
const EXPIRY_STEPS = 4;

type UdpTransport = Extract<ChosenTransport, { kind: 'udp' }>;

/** Packets of one media of the description, and of its reports. */
interface TrackInput {
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

interface Options {
  readonly claim: PublishClaim;
  readonly encoder: string;
  readonly tracks: readonly AnnouncedTrack[];
  readonly url: URL;
  readonly channel: RtspChannel;
  readonly context: RtspEdgeContext;
}

export class RecordingSession implements RtspSession {
  readonly direction = 'record';
  readonly isIdentified = true;
  isActive = false;
  readonly #options: Options;
  readonly #publisher: LivePublisher;
  readonly #watch: MediaWatch;
  readonly #active: ActivePublisher;
  readonly #inputs: readonly TrackInput[];
  readonly #byChannel = new Map<number, { readonly input: TrackInput; readonly isRtcp: boolean }>();
  /** Names this side in reports. */
  readonly #ssrc: number;
  readonly #bytesBefore: number;
  #reports: NodeJS.Timeout | undefined;
  #expiring: NodeJS.Timeout | undefined;
  #isOver = false;
  #ending: NodeJS.Timeout | undefined;

  /**
   * Decides whether an encoder may publish what it announces.
   *
   * @returns the session, or what the encoder is answered instead
   */
  static async open(
    request: RtspRequest,
    url: URL,
    channel: RtspChannel,
    context: RtspEdgeContext,
  ): Promise<{ readonly session: RecordingSession } | RtspReply> {
    const [app] = url.pathname.split('/').filter((part) => part !== '');
    if (app !== PUBLISH_APP) return reply(RtspStatus.notFound, `publish to /${PUBLISH_APP}/ and a stream key`);
    if (request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() !== 'application/sdp')
      return reply(RtspStatus.unsupportedMediaType, 'a session description is needed: application/sdp');
    let tracks: AnnouncedTrack[];
    try {
      tracks = announcedTracks(parseSessionDescription(request.body));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return reply(RtspStatus.badRequest, `the session description cannot be read: ${error.detail}`);
    }
    if (tracks.length === 0) return reply(RtspStatus.unsupportedMediaType, 'nothing is announced');
    const shown = shownCredentials(url, request);
    if (shown === undefined) return askForPassword(namedKeyId(url), channel, context);
    const decision = await context.ingest.decide(shown, channel.peer, channel.logger);
    if (!decision.granted) {
      channel.logger.info({ refusal: decision.refusal }, 'publish refused');
      return refusalReply(decision.refusal, decision.detail);
    }
    const { claim, resumed } = decision;
    if (context.ingest.draining) {
      context.ingest.publishes.release(claim);
      return refusalReply('draining');
    }
    const publisher = openPublisher(decision, channel, context);
    if (publisher === undefined) return refusalReply('unavailable');
    const { encoder } = shown;
    const session = new RecordingSession({ claim, encoder, tracks, url, channel, context }, publisher);
    const what = claim.standby === true ? 'encoder waits' : 'publish started';
    channel.logger.info({ ...claimIds(claim), epoch: claim.epoch, resumed }, what);
    return { session };
  }

  private constructor(options: Options, publisher: LivePublisher) {
    this.#options = options;
    this.#publisher = publisher;
    const { claim, tracks, channel, context } = options;
    const { ingest, settings } = context;
    this.#bytesBefore = channel.bytesReceived;
    this.#watch = ingest.watch(
      claim,
      // RTSP has no message for either: the log, the session and the metrics have them.
      { warn: () => undefined, refuseCodec: () => channel.end('unsupported_codec') },
      channel.logger,
    );
    this.#watch.follow(publisher);
    publisher.onDrain = () => channel.resume();
    publisher.sequencer.expectVideo(tracks.some(({ kind }) => kind === 'video'));
    publisher.beforeEnd = () => {
      for (const input of this.#inputs) {
        for (const packet of input.udp?.packets.flush() ?? []) this.#deliver(input, packet);
        if (input.intake instanceof RtpVideoIntake) input.intake.flush();
      }
    };
    const encoderClock = publisher.followClock(this.#watch);
    const clock = new SessionClock(ingest.clock, (wallMs, sinceFirstMs) => encoderClock.read(wallMs, sinceFirstMs));
    this.#ssrc = Number.parseInt(claim.sessionId.replaceAll(/[^0-9a-f]/gi, '').slice(-7), 16) || 1;
    this.#inputs = tracks.map((track) => this.#inputOf(track, clock, settings.rtspMaxPictureBytes));
    this.#active = {
      publisher,
      health: this.#watch,
      cut: (refusal) => channel.end(refusal),
      end: (patienceMs) => this.#endAtKeyframe(patienceMs),
      askToReconnect: () => false,
    };
    ingest.publishes.begin(this.#active, channel.peer);
  }

  get accepting(): boolean {
    return this.#publisher.accepting;
  }

  get datagramBytes(): number | undefined {
    let bytes: number | undefined;
    for (const { udp } of this.#inputs) if (udp !== undefined) bytes = (bytes ?? 0) + udp.transport.pair.receivedBytes;
    return bytes;
  }

  handle(request: RtspRequest): RtspReply | Promise<RtspReply> {
    if (request.method === 'SETUP') return this.#setUp(request);
    if (request.method === 'RECORD') return this.#record();
    // A pause of an encoder: what it then sends again goes on.
    if (request.method === 'PAUSE') return reply(this.isActive ? RtspStatus.ok : RtspStatus.methodNotValidInThisState);
    return reply(RtspStatus.methodNotValidInThisState);
  }

  onFrame(channel: number, packet: Buffer): void {
    const found = this.#byChannel.get(channel);
    // Nothing is expected on other channels: what comes there is left out, as RFC 2326 section 10.12 lets a peer do.
    if (found === undefined || !this.isActive) return;
    this.#onPacket(found.input, found.isRtcp, packet);
  }

  #onPacket(input: TrackInput, isRtcp: boolean, packet: Buffer): void {
    this.#publisher.counts.receivedBytes = this.#options.channel.bytesReceived - this.#bytesBefore;
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

  close(reason: string, isAnnounced: boolean): void {
    this.#isOver = true;
    clearInterval(this.#reports);
    clearInterval(this.#expiring);
    clearTimeout(this.#ending);
    this.#watch.stop();
    const { encoder, channel, context } = this.#options;
    const { claim, counts } = this.#publisher;
    counts.receivedBytes = channel.bytesReceived - this.#bytesBefore;
    context.ingest.publishes.finish(this.#active, channel.peer, reason, isAnnounced);
    for (const { udp } of this.#inputs) udp?.transport.close();
    channel.logger.info(publishSummary(claim, counts, reason, encoder), 'publish ended');
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

  async #setUp(request: RtspRequest): Promise<RtspReply> {
    if (this.isActive) return reply(RtspStatus.methodNotValidInThisState);
    const input = this.#inputs.find((candidate) => this.#isOf(request.uri, candidate));
    if (input === undefined) return reply(RtspStatus.notFound, 'no such media in the description');
    if (input.channels !== undefined || input.udp !== undefined)
      return reply(RtspStatus.methodNotValidInThisState, 'set up already');
    const { transportPeer } = this.#options.channel;
    const transport = await chooseTransport(request.headers, 'record', this.#kind, transportPeer);
    if ('reason' in transport) return transport;
    if (transport.kind === 'udp') return this.#setUpUdp(input, transport);
    const channels = transport.interleaved ?? this.#freeChannels();
    if (channels.some((channel) => this.#byChannel.has(channel)))
      return reply(RtspStatus.unsupportedTransport, 'a channel that is in use');
    input.channels = channels;
    this.#byChannel.set(channels[0], { input, isRtcp: false });
    this.#byChannel.set(channels[1], { input, isRtcp: true });
    const answer = `RTP/AVP/TCP;unicast;interleaved=${channels[0]}-${channels[1]};mode=record`;
    return { status: RtspStatus.ok, headers: [['Transport', answer]] };
  }

  /** What all tracks are set up over; undefined before the first one is. */
  get #kind(): 'tcp' | 'udp' | undefined {
    if (this.#byChannel.size > 0) return 'tcp';
    return this.#inputs.some(({ udp }) => udp !== undefined) ? 'udp' : undefined;
  }

  #setUpUdp(input: TrackInput, transport: UdpTransport): RtspReply {
    // Meanwhile the encoder may have left.
    if (this.#isOver) {
      transport.close();
      return reply(RtspStatus.ok);
    }
    const { rtspUdpReorderPackets: maxPackets, rtspUdpReorderMs: maxWaitMs } = this.#options.context.settings;
    input.udp = { transport, packets: new ReorderBuffer({ maxPackets, maxWaitMs }) };
    transport.pair.receive({
      onDatagram: (isRtcp, datagram) => {
        if (!this.isActive) return;
        // Nothing holds a sender of datagrams back: what cannot be taken now is lost.
        if (this.#publisher.accepting) this.#onPacket(input, isRtcp, datagram);
        else this.#options.context.metrics.backpressure.inc();
      },
    });
    return { status: RtspStatus.ok, headers: [['Transport', formatUdpTransport(transport, ['mode=record'])]] };
  }

  /** The address of a media is its `control`, or that behind the address of the session (RFC 2326 appendix C.1.1). */
  #isOf(uri: string, { track: { control, index } }: TrackInput): boolean {
    if (control === undefined || control === '' || control === '*') return this.#inputs.length === 1 && index === 0;
    return uri === control || uri.endsWith(`/${control}`);
  }

  #freeChannels(): readonly [number, number] {
    let channel = 0;
    while (this.#byChannel.has(channel) || this.#byChannel.has(channel + 1)) channel += 2;
    return [channel, channel + 1];
  }

  #record(): RtspReply {
    if (this.#kind === undefined) return reply(RtspStatus.methodNotValidInThisState, 'nothing is set up');
    if (!this.isActive) {
      this.#reports = setInterval(() => this.#report(), REPORT_MS);
      const { rtspUdpReorderMs } = this.#options.context.settings;
      if (this.#kind === 'udp') this.#expiring = setInterval(() => this.#expire(), rtspUdpReorderMs / EXPIRY_STEPS);
    }
    this.isActive = true;
    return { status: RtspStatus.ok, headers: [['Range', 'npt=now-']] };
  }

  #expire(): void {
    const now = this.#options.context.ingest.clock();
    for (const input of this.#inputs)
      for (const packet of input.udp?.packets.expire(now) ?? []) this.#deliver(input, packet);
  }

  #onRtp(input: TrackInput, bytes: Buffer): void {
    const { track } = input;
    const packet = decodeRtpPacket(bytes);
    if (packet.payloadType !== track.payloadType) return;
    // RFC 3550 section 8.2: another source that shows up in the middle is not mixed with the first.
    input.ssrc ??= packet.ssrc;
    if (packet.ssrc !== input.ssrc || packet.payload.length === 0) return;
    if (input.udp === undefined) return this.#deliver(input, packet);
    const now = this.#options.context.ingest.clock();
    for (const next of input.udp.packets.push(packet.sequence, packet, now)) this.#deliver(input, next);
  }

  #deliver({ track, intake }: TrackInput, packet: RtpPacket): void {
    if (intake !== undefined) return intake.packet(packet);
    if (track.kind !== 'ignored' || track.medium === undefined) return;
    if (track.unsupported !== undefined) this.#watch.unsupported(track.medium, track.unsupported);
    else this.#leaveOut(track.medium);
  }

  #leaveOut(medium: 'video' | 'audio'): void {
    this.#watch.leftOut(medium);
    this.#watch.warn('tracks_left_out', medium, `${medium}: not carried: all but the first`);
  }

  #onRtcp({ clock }: TrackInput, bytes: Buffer): void {
    for (const report of decodeRtcp(bytes))
      if (report.type === RtcpType.senderReport) clock.report(report.wallClockMs, report.rtpTimestamp);
  }

  #report(): void {
    for (const { channels, udp, intake, ssrc } of this.#inputs) {
      if (intake === undefined || ssrc === undefined) continue;
      const report = reportOf(this.#ssrc, ssrc, intake.sequence);
      if (channels !== undefined) this.#options.channel.send(encodeInterleaved(channels[1], report));
      udp?.transport.pair.send(true, report);
    }
  }

  #endAtKeyframe(patienceMs: number): void {
    const { channel } = this.#options;
    const end = (): void => channel.end(DRAINED);
    const video = this.#inputs.map(({ intake }) => intake).find((intake) => intake instanceof RtpVideoIntake);
    if (patienceMs === 0 || video === undefined || this.#publisher.counts.videoFrames === 0) return end();
    this.#ending = setTimeout(end, patienceMs);
    video.stopBeforeKeyframe(end);
  }
}

/** Clients take the strongest challenge that they know, or the last one: those that know MD5 only are not to end with SHA-256. */
async function askForPassword(
  keyId: string | undefined,
  { peer, logger }: RtspChannel,
  { ingest }: RtspEdgeContext,
): Promise<RtspReply> {
  const challenge = keyId === undefined ? undefined : await ingest.challengeLogin(keyId, peer, logger);
  const digest = `Digest realm="${REALM}", nonce="${challenge?.opaque ?? ''}"`;
  const digests =
    challenge === undefined ? [] : [`${digest}, algorithm=SHA-256, qop="auth"`, `${digest}, algorithm=MD5`];
  const basic = 'Basic realm="Millrace: the password is a stream key"';
  return {
    status: RtspStatus.unauthorized,
    headers: [...digests, basic].map((value) => ['WWW-Authenticate', value]),
  };
}

function openPublisher(
  decision: Extract<PublishDecision, { granted: true }>,
  channel: RtspChannel,
  { ingest }: RtspEdgeContext,
): LivePublisher | undefined {
  try {
    return ingest.publishes.open(decision);
  } catch (error) {
    const { claim } = decision;
    channel.logger.error({ err: error, ...claimIds(claim) }, 'the frame bus did not accept the publisher');
    ingest.publishes.release(claim);
    return undefined;
  }
}

const reportOf = (ssrc: number, senderSsrc: number, { lost, highest }: SequenceCounter): Buffer =>
  encodeReceiverReport({ ssrc, senderSsrc, lost, highestSequence: highest }, NAME);
