// What one player watches over RTSP: described, set up, played, paused (RFC 2326 sections 10.2 and 10.4 to 10.7).
import { STREAM_OFFLINE, TOO_MANY_PLAYERS } from '@millrace/playout';
import type {
  AdmittedVisit,
  EndReason,
  PlayedKind,
  PlayedTrack,
  PlayRefusal,
  RtpForm,
  ViewerCutReason,
  ViewerSink,
  WatchedViewer,
} from '@millrace/playout';
import { eachInterleaved, INTERLEAVED_HEADER_BYTES, RtspStatus } from '@millrace/protocol/rtsp';
import type { RtspRequest } from '@millrace/protocol/rtsp';
import { reply } from '../channel/rtsp-reply.ts';
import type { RtspReply } from '../channel/rtsp-reply.ts';
import type { RtspChannel, RtspSession } from '../channel/rtsp-session.ts';
import { chooseTransport, formatUdpTransport } from '../udp/chosen-transport.ts';
import type { ChosenTransport } from '../udp/chosen-transport.ts';
import type { UdpPair } from '../udp/udp-pair.ts';
import type { RtspPlayback } from './rtsp-playback.ts';
import { playRefusalReply } from './play-refusals.ts';
import { UdpSender } from './udp-sender.ts';

/** RFC 2326 section 3.6: live, without an end. */
const RANGE = 'npt=now-';
const SEQUENCE_AT = INTERLEAVED_HEADER_BYTES + 2;

export interface PlayingSessionOptions {
  readonly admitted: AdmittedVisit;
  readonly channel: RtspChannel;
  readonly playback: Pick<RtspPlayback, 'watch' | 'refused' | 'settings'>;
}

/** A track that the player has set up, and the channels of its connection for RTP and RTCP. */
interface SetUpTrack {
  readonly track: PlayedTrack;
  readonly channels: readonly [rtp: number, rtcp: number];
  readonly transport: ChosenTransport;
}

export class PlayingSession implements RtspSession, ViewerSink {
  readonly direction = 'play';
  readonly accepting = true;
  isActive = false;
  /** Called once. */
  onOver: (() => void) | undefined;
  readonly #options: PlayingSessionOptions;
  readonly #setUp = new Map<PlayedKind, SetUpTrack>();
  readonly #gone = new AbortController();
  #form!: RtpForm;
  #releaseForm: (() => void) | undefined;
  #url = '';
  #viewer: WatchedViewer | undefined;
  /** What comes before the answer to PLAY has been sent; undefined once it is. */
  #held: Uint8Array[] | undefined = [];
  /** Channels of the player by those of the form; undefined where they are the same. */
  #moved: Map<number, number> | undefined;
  /** Where it is set up over UDP. */
  #udp: UdpSender | undefined;
  #given = 0;
  #isPaused = false;
  #pausing: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: PlayingSessionOptions) {
    this.#options = options;
  }

  get datagramBytes(): number | undefined {
    if (this.#kind !== 'udp') return undefined;
    let bytes = 0;
    for (const { transport } of this.#setUp.values())
      if (transport.kind === 'udp') bytes += transport.pair.receivedBytes;
    return bytes;
  }

  get isIdentified(): boolean {
    return this.#setUp.size > 0;
  }

  /** @param release called once, at the end */
  use(form: RtpForm, release: () => void): void {
    this.#form = form;
    this.#releaseForm = release;
  }

  handle(request: RtspRequest): RtspReply | Promise<RtspReply> {
    switch (request.method) {
      case 'DESCRIBE':
        return this.#describe(request);
      case 'SETUP':
        return this.#setUpTrack(request);
      case 'PLAY':
        return this.#play();
      case 'PAUSE':
        return this.#pause();
      default:
        return reply(RtspStatus.methodNotValidInThisState);
    }
  }

  /** Receiver reports: TCP itself tells what has arrived. */
  onFrame(): void {}

  write(bytes: Uint8Array): boolean {
    if (this.#held !== undefined) {
      this.#held.push(bytes);
      // Reports come alone, before the first frame.
      return (bytes[1]! & 1) === 1;
    }
    this.#given += bytes.byteLength;
    return this.#udp === undefined ? this.#options.channel.write(this.#onChannels(bytes)) : this.#udp.write(bytes);
  }

  drained(): void {
    this.#viewer?.drained();
  }

  end(reason: EndReason): void {
    const { channel } = this.#options;
    if (this.isActive && this.#held === undefined) {
      const kinds = new Set(this.#setUp.keys());
      this.write(this.#form.farewell(kinds));
    }
    channel.end(reason === 'ended' ? 'play_ended' : reason);
  }

  cut(reason: ViewerCutReason): void {
    this.#options.channel.destroy(reason);
  }

  /** The tracks are not those that were described: only a new description helps. */
  outdated(): void {
    this.#options.channel.end('tracks_changed');
  }

  close(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#pausing);
    this.#gone.abort();
    this.#udp?.close();
    for (const { transport } of this.#setUp.values()) if (transport.kind === 'udp') transport.close();
    this.#viewer?.leave();
    this.#releaseForm?.();
    this.onOver?.();
    const { channel, admitted } = this.#options;
    const { playbackId } = admitted.visit;
    if (this.isActive) channel.logger.info({ playback_id: playbackId, reason, bytes: this.#given }, 'play ended');
  }

  #describe({ uri, headers }: RtspRequest): RtspReply {
    const accept = headers.get('accept');
    if (accept !== undefined && !/application\/(sdp|\*)|\*\/\*/i.test(accept))
      return reply(RtspStatus.notAcceptable, 'a stream is described as application/sdp');
    this.#url = baseOf(uri);
    return {
      status: RtspStatus.ok,
      headers: [
        ['Content-Base', `${this.#url}/`],
        ['Content-Type', 'application/sdp'],
      ],
      body: this.#form.description(ANY_ADDRESS, Date.now()),
    };
  }

  async #setUpTrack({ uri, headers }: RtspRequest): Promise<RtspReply> {
    if (this.isActive) return reply(RtspStatus.methodNotValidInThisState);
    const { tracks } = this.#form;
    const track =
      tracks.find(({ control }) => uri.endsWith(`/${control}`)) ??
      // A player may ask for the only track by the address of all.
      (tracks.length === 1 && !uri.includes('trackID=') ? tracks[0] : undefined);
    if (track === undefined) return reply(RtspStatus.notFound, 'no such media in the description');
    if (this.#setUp.has(track.kind)) return reply(RtspStatus.methodNotValidInThisState, 'set up already');
    const { channel } = this.#options;
    const transport = await chooseTransport(headers, 'play', this.#kind, channel.transportPeer);
    if ('reason' in transport) return transport;
    this.#url ||= baseOf(uri);
    if (transport.kind === 'udp') return this.#setUpUdp(track, transport);
    const channels = transport.interleaved ?? ([track.channel, track.channel + 1] as const);
    for (const { channels: taken } of this.#setUp.values())
      if (taken.some((channel) => channels.includes(channel)))
        return reply(RtspStatus.unsupportedTransport, 'a channel that is in use');
    this.#setUp.set(track.kind, { track, channels, transport });
    const answer = `RTP/AVP/TCP;unicast;interleaved=${channels[0]}-${channels[1]}`;
    return { status: RtspStatus.ok, headers: [['Transport', answer]] };
  }

  /** What all tracks are set up over; undefined before the first one is. */
  get #kind(): ChosenTransport['kind'] | undefined {
    for (const { transport } of this.#setUp.values()) return transport.kind;
    return undefined;
  }

  #setUpUdp(track: PlayedTrack, transport: Extract<ChosenTransport, { kind: 'udp' }>): RtspReply {
    // Meanwhile the player may have left.
    if (this.#isOver) {
      transport.close();
      return reply(RtspStatus.ok);
    }
    this.#setUp.set(track.kind, { track, channels: [track.channel, track.channel + 1], transport });
    const ssrc = `ssrc=${track.ssrc.toString(16).padStart(8, '0').toUpperCase()}`;
    return { status: RtspStatus.ok, headers: [['Transport', formatUdpTransport(transport, [ssrc])]] };
  }

  #play(): RtspReply | Promise<RtspReply> {
    if (this.#setUp.size === 0) return reply(RtspStatus.methodNotValidInThisState, 'nothing is set up');
    if (!this.isActive) return this.#begin();
    if (!this.#isPaused) return this.#playing();
    this.#isPaused = false;
    clearTimeout(this.#pausing);
    this.#held = [];
    this.#viewer?.pause(false);
    return this.#playing();
  }

  async #begin(): Promise<RtspReply> {
    const { admitted, channel, playback } = this.#options;
    const tracks = [...this.#setUp.values()];
    const isMoved = tracks.some(
      ({ track, channels }) => channels[0] !== track.channel || channels[1] !== channels[0] + 1,
    );
    if (isMoved)
      this.#moved = new Map(
        tracks.flatMap(({ track, channels }) => channels.map((channel, i) => [track.channel + i, channel] as const)),
      );
    const pairs = new Map<number, UdpPair>();
    for (const { track, transport } of tracks) if (transport.kind === 'udp') pairs.set(track.channel, transport.pair);
    if (pairs.size > 0) this.#udp = new UdpSender(pairs, () => this.drained());
    this.isActive = true;
    const { outcome } = await playback.watch(
      admitted,
      {
        form: this.#form,
        wanted: { video: this.#setUp.has('video'), audio: this.#setUp.has('audio') },
        sink: this,
        sentBytes: () => Math.max(0, this.#given - (this.#udp === undefined ? channel.unsentBytes : 0)),
        attached: (viewer) => (this.#viewer = viewer),
      },
      this.#gone.signal,
    );
    if (outcome === 'watching') return this.#playing();
    const refusal: PlayRefusal = outcome === 'limit' ? TOO_MANY_PLAYERS : STREAM_OFFLINE;
    playback.refused(channel, refusal);
    this.isActive = false;
    const hint = { hasToken: true, isTokenExposed: false, isEncrypted: false };
    return { ...playRefusalReply(refusal, hint), thenClose: refusal.code };
  }

  /** The answer to PLAY; what was held is sent behind it. */
  #playing(): RtspReply {
    const info = this.#rtpInfo();
    const headers: (readonly [string, string])[] = [['Range', RANGE]];
    if (info !== '') headers.push(['RTP-Info', info]);
    return { status: RtspStatus.ok, headers, thenSend: () => this.#release() };
  }

  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined || held.length === 0 || this.#isOver) return;
    let isWritable = true;
    for (const bytes of held) isWritable = this.write(bytes);
    if (isWritable) this.#viewer?.drained();
  }

  /** Section 12.33: which packet of each track comes first, and what their clocks show then. */
  #rtpInfo(): string {
    const first = this.#held?.find((bytes) => (bytes[1]! & 1) === 0);
    if (first === undefined) return '';
    const address = (control: string): string => `url=${this.#url}/${control}`;
    const starts = this.#form.startOf(first);
    if (starts !== undefined)
      return starts
        .filter(({ control }) => [...this.#setUp.values()].some(({ track }) => track.control === control))
        .map(({ control, sequence, rtpTimestamp }) => `${address(control)};seq=${sequence};rtptime=${rtpTimestamp}`)
        .join(',');
    const { track } = [...this.#setUp.values()].find(({ track: { channel } }) => channel === first[1]) ?? {};
    if (track === undefined) return '';
    const view = Buffer.from(first.buffer, first.byteOffset, first.byteLength);
    const [sequence, rtpTimestamp] = [view.readUInt16BE(SEQUENCE_AT), view.readUInt32BE(SEQUENCE_AT + 2)];
    return `${address(track.control)};seq=${sequence};rtptime=${rtpTimestamp}`;
  }

  #pause(): RtspReply {
    if (!this.isActive) return reply(RtspStatus.methodNotValidInThisState);
    if (this.#isPaused) return reply(RtspStatus.ok);
    this.#isPaused = true;
    const { channel, playback } = this.#options;
    this.#pausing = setTimeout(() => channel.end('paused_too_long'), playback.settings.rtspPlayPauseMs);
    this.#viewer?.pause(true);
    return reply(RtspStatus.ok);
  }

  /** Players that chose other channels than the form has get a copy. */
  #onChannels(bytes: Uint8Array): Uint8Array {
    const moved = this.#moved;
    if (moved === undefined) return bytes;
    const copy = Buffer.from(bytes);
    eachInterleaved(bytes, (channel, at) => (copy[at + 1] = moved.get(channel) ?? channel));
    return copy;
  }
}

const ANY_ADDRESS = '0.0.0.0';

/** The address of a playback without credentials, query and track: what a player's SETUP and PLAY are for. */
function baseOf(uri: string): string {
  const url = new URL(uri);
  url.username = url.password = url.search = url.hash = '';
  return url.href.replace(/\/(trackID=\d+)?$/, '').replace(/\/$/, '');
}
