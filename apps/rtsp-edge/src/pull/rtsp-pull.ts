// One attempt to pull a stream over RTSP, as a player does, and to publish it: connected, described, set up, played.
import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TakenSource } from '@millrace/control';
import { PUBLISH_REFUSALS } from '@millrace/domain';
import { claimIds } from '@millrace/ingest';
import type { EncoderPeer, PullAttempt, PullObserver } from '@millrace/ingest';
import { ProtocolError } from '@millrace/protocol/bytes';
import { RtspClientSession } from '@millrace/protocol/rtsp';
import type { RtspClientEvent } from '@millrace/protocol/rtsp';
import { parseSessionDescription } from '@millrace/protocol/sdp';
import { AddressRefused, connectionFault, lookupOf, peerAddress, peerNetwork } from '@millrace/service-kit';
import type { Logger, OutboundAddresses } from '@millrace/service-kit';
import type { RtspEdgeContext } from '../channel/rtsp-edge-context.ts';
import { announcedTracks } from '../ingest/announced-tracks.ts';
import type { AnnouncedTrack } from '../ingest/announced-tracks.ts';
import { RtpPublish } from '../ingest/rtp-publish.ts';
import type { RtpConnection } from '../ingest/rtp-publish.ts';

const USER_AGENT = 'Millrace';
const UNNAMED = 'a source that does not say its name';
/** It is logged with each publish. */
const MAX_NAME_LENGTH = 128;
/** More than a server sends. */
const MAX_HEADERS = 64;
/** RFC 2326 section 3.2; rtsps: IANA's registry of ports. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'rtsp:': 554, 'rtsps:': 322 };
/** Silence is measured in this many steps. */
const IDLE_STEPS = 4;

export class RtspPull implements PullAttempt, RtpConnection {
  readonly logger: Logger;
  peer: EncoderPeer;
  readonly #source: TakenSource;
  readonly #observer: PullObserver;
  readonly #context: RtspEdgeContext;
  readonly #session: RtspClientSession;
  readonly #url: URL;
  #socket: Socket | undefined;
  #tracks: readonly AnnouncedTrack[] = [];
  #publish: RtpPublish | undefined;
  #isPlaying = false;
  #isLive = false;
  #isOver = false;
  #setup: NodeJS.Timeout | undefined;
  #keepAlive: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;

  static open(
    source: TakenSource,
    observer: PullObserver,
    context: RtspEdgeContext,
    addresses: OutboundAddresses,
  ): RtspPull {
    const pull = new RtspPull(source, observer, context);
    void pull.#connect(addresses).catch((error: unknown) => pull.#failed(connectionWords(error)));
    return pull;
  }

  private constructor(source: TakenSource, observer: PullObserver, context: RtspEdgeContext) {
    this.#source = source;
    this.#observer = observer;
    this.#context = context;
    this.#url = new URL(source.url);
    const protocol = this.#url.protocol.slice(0, -1);
    this.peer = { protocol, address: '', network: '' };
    this.logger = context.logger.child({ source_id: source.sourceId, protocol });
    const { rtspMaxHeadBytes: maxHeadBytes, rtspMaxBodyBytes: maxBodyBytes, pullConnectMs } = context.settings;
    const { username, password } = source;
    this.#session = new RtspClientSession({
      url: source.url,
      credentials:
        username === undefined && password === undefined
          ? undefined
          : { username: username ?? '', password: password ?? '' },
      userAgent: USER_AGENT,
      limits: { maxHeadBytes, maxBodyBytes, maxHeaders: MAX_HEADERS },
    });
    this.#setup = setTimeout(
      () => this.#failed(`the source did not begin to send within ${pullConnectMs / 1_000} s`),
      pullConnectMs,
    );
  }

  get bytesReceived(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  close(reason: string): void {
    this.#over(reason);
  }

  send(bytes: Buffer): void {
    const socket = this.#socket;
    if (socket?.writable !== true) return;
    socket.write(bytes);
    if (socket.writableLength > this.#context.settings.rtspMaxUnsentBytes)
      this.#failed('the source does not read what it is sent');
  }

  resume(): void {
    if (this.#isOver) return;
    this.#guarded(() => this.#takeEvents());
    if (this.#publish?.accepting !== false) this.#socket?.resume();
  }

  /** A publisher is cut, or its edge stops. @param reason a refusal, or `drained` */
  end(reason: string): void {
    const words = (PUBLISH_REFUSALS as Readonly<Record<string, string>>)[reason] ?? 'the edge that pulled it stopped';
    this.#failed(words, reason);
  }

  /** The host is looked up, and its addresses are checked, each time: what a name stands for changes. */
  async #connect(addresses: OutboundAddresses): Promise<void> {
    const url = this.#url;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const lookup = lookupOf(await addresses.resolve(host));
    if (this.#isOver) return;
    const port = Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 0);
    // `lookup` is not asked where the host is an address, which was checked as it stands.
    const options = { host, port, lookup };
    const isSecure = url.protocol === 'rtsps:';
    const socket = isSecure
      ? connectTls({ ...options, ...(isIP(host) === 0 && { servername: host }) })
      : connect(options);
    this.#socket = socket;
    let failure: Error | undefined;
    socket.on('error', (error) => void (failure = error));
    socket.on('close', () =>
      this.#failed(failure === undefined ? 'the source closed the connection' : connectionWords(failure)),
    );
    socket.once(isSecure ? 'secureConnect' : 'connect', () => this.#begin(socket));
  }

  #begin(socket: Socket): void {
    const address = peerAddress(socket.remoteAddress);
    this.peer = { ...this.peer, address, network: peerNetwork(address) };
    socket.setNoDelay();
    socket.on('data', (bytes: Buffer) => {
      if (this.#isOver) return;
      this.#guarded(() => {
        this.#session.push(bytes);
        this.#takeEvents();
      });
    });
    this.#guarded(() => {
      this.#session.start();
      this.#takeEvents();
    });
  }

  /** Whatever a source brings about costs that source alone, and not the process. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#broke(error);
    }
  }

  #broke(error: unknown): void {
    this.logger.error({ err: error }, 'pulling a source broke');
    this.#failed('it cannot be pulled because of an error of this server');
  }

  #takeEvents(): void {
    while (!this.#isOver && this.#publish?.accepting !== false) {
      const event = this.#session.next();
      if (event === undefined) return;
      this.#take(event);
    }
    // Nothing is read while the bus is behind: TCP holds the source back.
    if (!this.#isOver) this.#socket?.pause();
  }

  #take(event: RtspClientEvent): void {
    if (event.kind === 'frame') return this.#frame(event.channel, event.packet);
    if (event.kind === 'send') return this.send(event.bytes);
    if (event.kind === 'described') return this.#described(event.description);
    if (event.kind === 'set-up') {
      void this.#publishOn(event.channels).catch((error: unknown) => this.#broke(error));
      return;
    }
    if (event.kind === 'playing') return this.#playing(event.rtpTimes);
    if (event.kind === 'failed') this.#failed(event.fault.message);
  }

  #described(description: Buffer): void {
    let control: string | undefined;
    try {
      const parsed = parseSessionDescription(description);
      this.#tracks = announcedTracks(parsed);
      control = parsed.control;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.#failed(`the description of the source cannot be read: ${error.detail}`);
    }
    const carried = this.#tracks.filter(isCarried);
    if (carried.length === 0) return this.#failed(`the source has nothing that is carried${namesOf(this.#tracks)}`);
    this.#session.setUp(
      carried.map((track) => track.control),
      control,
    );
  }

  /** The stream is claimed once the source is ready to send, and not before: one that cannot be reached keeps no encoder out. */
  async #publishOn(channels: readonly (readonly [number, number])[]): Promise<void> {
    const { ingest } = this.#context;
    const encoder = (this.#session.server ?? UNNAMED).slice(0, MAX_NAME_LENGTH);
    const shown = { encoder, key: this.#source.key, app: 'pull' };
    const decision = await ingest.decide(shown, this.peer, this.logger);
    if (!decision.granted) return this.#failed(decision.detail ?? PUBLISH_REFUSALS[decision.refusal]);
    if (this.#isOver || ingest.draining) {
      ingest.publishes.release(decision.claim);
      return this.#failed(PUBLISH_REFUSALS.draining);
    }
    const tracks = this.#tracks.filter(isCarried);
    const publish = RtpPublish.open(decision, { encoder, tracks, connection: this, context: this.#context });
    if (publish === undefined) return this.#failed(PUBLISH_REFUSALS.unavailable);
    this.#publish = publish;
    this.logger.info({ ...claimIds(decision.claim), epoch: decision.claim.epoch }, 'publish started');
    publish.inputs.forEach((input, i) => {
      const pair = channels[i];
      if (pair !== undefined) publish.useChannels(input, pair);
    });
    publish.begin();
    this.#session.play();
    this.#takeEvents();
  }

  #playing(rtpTimes: readonly (number | undefined)[]): void {
    rtpTimes.forEach((rtpTime, i) => {
      if (rtpTime !== undefined) this.#publish?.inputs[i]?.clock.start(rtpTime);
    });
    clearTimeout(this.#setup);
    this.#isPlaying = true;
    this.#keepAlive = setInterval(() => {
      this.#guarded(() => {
        this.#session.keepAlive();
        this.#takeEvents();
      });
    }, this.#session.keepAliveMs);
    this.#watchSilence();
  }

  #frame(channel: number, packet: Buffer): void {
    const publish = this.#publish;
    if (publish === undefined) return this.#failed('the source sends media before it is asked to');
    publish.onFrame(channel, packet);
    if (this.#isLive || this.#isOver || !this.#isPlaying || publish.mediaPackets === 0) return;
    this.#isLive = true;
    for (const track of this.#tracks) if (!isCarried(track)) publish.leaveOut(track);
    this.#observer.live();
  }

  #watchSilence(): void {
    const { rtspIdleMs } = this.#context.settings;
    const packets = (): number => this.#publish?.mediaPackets ?? 0;
    let received = packets();
    let quietSteps = 0;
    this.#idle = setInterval(() => {
      const isQuiet = packets() === received && this.#socket?.isPaused() !== true;
      received = packets();
      quietSteps = isQuiet ? quietSteps + 1 : 0;
      if (quietSteps >= IDLE_STEPS)
        this.#failed(`the source sent no media for ${rtspIdleMs / 1_000} s`, 'idle_timeout');
    }, rtspIdleMs / IDLE_STEPS);
  }

  /** @param message for the tenant. @param reason one of a bounded set */
  #failed(message: string, reason = 'source_failed'): void {
    if (this.#isOver) return;
    this.#over(reason);
    this.#observer.ended(message);
  }

  #over(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#setup);
    clearInterval(this.#keepAlive);
    clearInterval(this.#idle);
    this.#publish?.close(reason, false);
    this.#hangUp();
  }

  /** Says that it is the end, and gives the source a moment to read that. */
  #hangUp(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#guarded(() => {
      this.#session.teardown();
      const event = this.#session.next();
      if (event?.kind === 'send' && socket.writable) socket.write(event.bytes);
    });
    const lingering = setTimeout(() => socket.destroy(), this.#context.settings.rtspCloseMs);
    socket.once('close', () => clearTimeout(lingering));
    socket.destroySoon();
  }
}

const isCarried = ({ kind }: AnnouncedTrack): boolean => kind !== 'ignored';

/** What there is instead. */
function namesOf(tracks: readonly AnnouncedTrack[]): string {
  const names = tracks.flatMap((track) =>
    track.kind === 'ignored' && track.medium !== undefined && track.unsupported !== undefined
      ? [`its ${track.medium} is ${track.unsupported}`]
      : [],
  );
  return names.length === 0 ? '' : `: ${names.join(', ')}`;
}

const connectionWords = (error: unknown): string =>
  error instanceof AddressRefused ? `the address of the source ${error.message}` : connectionFault(error);
