// What one encoder publishes over RTSP: announced, set up, recorded (RFC 2326 sections 10.3, 10.4 and 10.11).
import { claimIds } from '@millrace/ingest';
import { ProtocolError } from '@millrace/protocol/bytes';
import { ReorderBuffer } from '@millrace/protocol/rtp';
import { RtspStatus } from '@millrace/protocol/rtsp';
import type { RtspRequest } from '@millrace/protocol/rtsp';
import { parseSessionDescription } from '@millrace/protocol/sdp';
import type { RtspEdgeContext } from '../channel/rtsp-edge-context.ts';
import { passwordReply } from '../channel/login-challenge.ts';
import type { RtspChannel, RtspSession } from '../channel/rtsp-session.ts';
import { reply } from '../channel/rtsp-reply.ts';
import type { RtspReply } from '../channel/rtsp-reply.ts';
import { chooseTransport, formatUdpTransport } from '../udp/chosen-transport.ts';
import { announcedTracks } from './announced-tracks.ts';
import type { AnnouncedTrack } from './announced-tracks.ts';
import { refusalReply } from './refusal-status.ts';
import { RtpPublish } from './rtp-publish.ts';
import type { TrackInput, UdpTransport } from './rtp-publish.ts';
import { namedKeyId, PUBLISH_APP, shownCredentials } from './shown-credentials.ts';

/** How exactly it is kept to how long packets wait for others. */
const EXPIRY_STEPS = 4;

export class RecordingSession implements RtspSession {
  readonly direction = 'record';
  readonly isIdentified = true;
  isActive = false;
  readonly #publish: RtpPublish;
  readonly #channel: RtspChannel;
  readonly #context: RtspEdgeContext;
  #expiring: NodeJS.Timeout | undefined;
  #isOver = false;

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
    if (!decision.granted) return refusalReply(decision.refusal, decision.detail);
    const { claim, resumed } = decision;
    if (context.ingest.draining) {
      context.ingest.publishes.release(claim);
      return refusalReply('draining');
    }
    const publish = RtpPublish.open(decision, { encoder: shown.encoder, tracks, connection: channel, context });
    if (publish === undefined) return refusalReply('unavailable');
    const unsupported = publish.refuseUncarried();
    if (unsupported !== undefined) return refusalReply('unsupported_codec', unsupported);
    const session = new RecordingSession(publish, channel, context);
    const what = claim.standby === true ? 'encoder waits' : 'publish started';
    channel.logger.info({ ...claimIds(claim), epoch: claim.epoch, resumed }, what);
    return { session };
  }

  private constructor(publish: RtpPublish, channel: RtspChannel, context: RtspEdgeContext) {
    this.#publish = publish;
    this.#channel = channel;
    this.#context = context;
  }

  get accepting(): boolean {
    return this.#publish.accepting;
  }

  get datagramBytes(): number | undefined {
    let bytes: number | undefined;
    for (const { udp } of this.#publish.inputs)
      if (udp !== undefined) bytes = (bytes ?? 0) + udp.transport.pair.receivedBytes;
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
    if (this.isActive) this.#publish.onFrame(channel, packet);
  }

  close(reason: string, isAnnounced: boolean): void {
    this.#isOver = true;
    clearInterval(this.#expiring);
    this.#publish.close(reason, isAnnounced);
  }

  async #setUp(request: RtspRequest): Promise<RtspReply> {
    if (this.isActive) return reply(RtspStatus.methodNotValidInThisState);
    const input = this.#publish.inputs.find((candidate) => this.#isOf(request.uri, candidate));
    if (input === undefined) return reply(RtspStatus.notFound, 'no such media in the description');
    if (input.channels !== undefined || input.udp !== undefined)
      return reply(RtspStatus.methodNotValidInThisState, 'set up already');
    const { transportPeer } = this.#channel;
    const transport = await chooseTransport(request.headers, 'record', this.#kind, transportPeer);
    if ('reason' in transport) return transport;
    if (transport.kind === 'udp') return this.#setUpUdp(input, transport);
    const channels = transport.interleaved ?? this.#freeChannels();
    if (channels.some((channel) => this.#publish.isTaken(channel)))
      return reply(RtspStatus.unsupportedTransport, 'a channel that is in use');
    this.#publish.useChannels(input, channels);
    const answer = `RTP/AVP/TCP;unicast;interleaved=${channels[0]}-${channels[1]};mode=record`;
    return { status: RtspStatus.ok, headers: [['Transport', answer]] };
  }

  /** What all tracks are set up over; undefined before the first one is. */
  get #kind(): 'tcp' | 'udp' | undefined {
    if (this.#publish.hasChannels) return 'tcp';
    return this.#publish.inputs.some(({ udp }) => udp !== undefined) ? 'udp' : undefined;
  }

  #setUpUdp(input: TrackInput, transport: UdpTransport): RtspReply {
    // Meanwhile the encoder may have left.
    if (this.#isOver) {
      transport.close();
      return reply(RtspStatus.ok);
    }
    const { rtspUdpReorderPackets: maxPackets, rtspUdpReorderMs: maxWaitMs } = this.#context.settings;
    input.udp = { transport, packets: new ReorderBuffer({ maxPackets, maxWaitMs }) };
    transport.pair.receive({
      onDatagram: (isRtcp, datagram) => {
        if (!this.isActive) return;
        // Nothing holds a sender of datagrams back: what cannot be taken now is lost.
        if (this.#publish.accepting) this.#publish.onPacket(input, isRtcp, datagram);
        else this.#context.metrics.backpressure.inc();
      },
    });
    return { status: RtspStatus.ok, headers: [['Transport', formatUdpTransport(transport, ['mode=record'])]] };
  }

  /** Called once sockets were read: what came while this process was busy is not missing. */
  #expire(): void {
    if (!this.#isOver) this.#publish.expire();
  }

  /** The address of a media is its `control`, or that behind the address of the session (RFC 2326 appendix C.1.1). */
  #isOf(uri: string, { track: { control, index } }: TrackInput): boolean {
    if (control === undefined || control === '' || control === '*')
      return this.#publish.inputs.length === 1 && index === 0;
    return uri === control || uri.endsWith(`/${control}`);
  }

  #freeChannels(): readonly [number, number] {
    let channel = 0;
    while (this.#publish.isTaken(channel) || this.#publish.isTaken(channel + 1)) channel += 2;
    return [channel, channel + 1];
  }

  #record(): RtspReply {
    if (this.#kind === undefined) return reply(RtspStatus.methodNotValidInThisState, 'nothing is set up');
    if (!this.isActive) {
      this.#publish.begin();
      const { rtspUdpReorderMs } = this.#context.settings;
      if (this.#kind === 'udp')
        this.#expiring = setInterval(() => setImmediate(() => this.#expire()), rtspUdpReorderMs / EXPIRY_STEPS);
    }
    this.isActive = true;
    return { status: RtspStatus.ok, headers: [['Range', 'npt=now-']] };
  }
}

async function askForPassword(
  keyId: string | undefined,
  { peer, logger }: RtspChannel,
  { ingest }: RtspEdgeContext,
): Promise<RtspReply> {
  const challenge = keyId === undefined ? undefined : await ingest.challengeLogin(keyId, peer, logger);
  return passwordReply(challenge?.opaque, 'stream key');
}
