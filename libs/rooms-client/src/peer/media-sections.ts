// The media sections between two peers, one for each source: microphone, camera, screen. They are told apart by kind and order
// (docs/signaling.md, "Media sections"). A source is switched by replacing the track of its sender, so that muting, turning the
// camera off or sharing a screen negotiates nothing. The first offer makes the sections and the answering side adopts them; what an
// offer left out, or an answer refused, is added by the side that has something to send.
import { KIND_OF, MEDIA_SOURCES } from '../media/media-source.ts';
import type { MediaSource } from '../media/media-source.ts';
import type { PublishedMedia } from '../media/published-media.ts';

/** In a mesh each peer gets a copy of its own. Sound is small as it is. */
const MAX_BITRATE: Readonly<Partial<Record<MediaSource, number>>> = { camera: 1_500_000, screen: 2_500_000 };

export class MediaSections {
  readonly #connection: RTCPeerConnection;
  readonly #published: PublishedMedia;
  readonly #maySend: boolean;
  readonly #arrived: (source: MediaSource, track: MediaStreamTrack) => void;
  readonly #sections = new Map<MediaSource, RTCRtpTransceiver>();
  /** Microphone and camera belong together, so that the receiver plays them in step. */
  readonly #person = new MediaStream();

  constructor(
    connection: RTCPeerConnection,
    published: PublishedMedia,
    maySend: boolean,
    arrived: (source: MediaSource, track: MediaStreamTrack) => void,
  ) {
    this.#connection = connection;
    this.#published = published;
    this.#maySend = maySend;
    this.#arrived = arrived;
  }

  /** Neither side has made any. */
  get isEmpty(): boolean {
    return this.#sections.size === 0;
  }

  /** Makes all sections, which leads to an offer. */
  create(): void {
    for (const source of MEDIA_SOURCES) if (!this.#sections.has(source)) this.#add(source);
  }

  /** Takes over what an offer has brought. Before the answer, so that this side sends in it. */
  async adopt(): Promise<void> {
    for (const transceiver of this.#connection.getTransceivers()) {
      // An offer that leaves a refused section refused brings a transceiver that is stopped already.
      if (transceiver.mid === null || isStopped(transceiver)) continue;
      if ([...this.#sections.values()].includes(transceiver)) continue;
      const kind = transceiver.receiver.track.kind;
      const source = MEDIA_SOURCES.find((each) => KIND_OF[each] === kind && !this.#isNegotiated(each));
      if (source === undefined) continue;
      const rolledBack = this.#sections.get(source);
      transceiver.direction = this.#direction();
      if (source !== 'screen') transceiver.sender.setStreams(this.#person);
      this.#enter(source, transceiver);
      await limitBitrate(transceiver.sender, encodingOf(source));
      await transceiver.sender.replaceTrack(this.#published.track(source) ?? null);
      if (rolledBack !== undefined && !isStopped(rolledBack)) await this.#release(source, rolledBack);
    }
    for (const source of MEDIA_SOURCES) if (!this.#sections.has(source)) this.#addForTrack(source);
  }

  /**
   * What to do with a transceiver that was offered by this side at the same time and rolled back: a remote offer never uses it
   * (RFC 8829 §5.10), and the next offer of this side brings it. Stopping it would make Chromium ask for negotiation without end.
   */
  async #release(source: MediaSource, rolledBack: RTCRtpTransceiver): Promise<void> {
    const screen = this.#sections.get('screen');
    // It comes before the one for the screen, which has to be the second video: it takes over.
    if (source === 'camera' && screen !== undefined && screen.mid === null && !isStopped(screen)) {
      await rolledBack.sender.replaceTrack(this.#published.track('screen') ?? null);
      rolledBack.sender.setStreams();
      this.#enter('screen', rolledBack);
      await limitBitrate(rolledBack.sender, encodingOf('screen'));
      return this.#idle(screen);
    }
    return this.#idle(rolledBack);
  }

  async #idle(transceiver: RTCRtpTransceiver): Promise<void> {
    transceiver.direction = 'inactive';
    await transceiver.sender.replaceTrack(null);
  }

  /** Sends what is published for this source now, or nothing. */
  async publish(source: MediaSource): Promise<void> {
    // Until the first offer it is open which side makes the sections.
    if (this.isEmpty) return;
    const section = this.#sections.get(source);
    if (section !== undefined && !isStopped(section))
      await section.sender.replaceTrack(this.#published.track(source) ?? null);
    else this.#addForTrack(source);
  }

  #addForTrack(source: MediaSource): void {
    if (this.#maySend && this.#published.track(source) !== undefined) this.#add(source);
  }

  #add(source: MediaSource): void {
    const transceiver = this.#connection.addTransceiver(this.#published.track(source) ?? KIND_OF[source], {
      direction: this.#direction(),
      streams: source === 'screen' ? [] : [this.#person],
      sendEncodings: [encodingOf(source)],
    });
    this.#enter(source, transceiver);
  }

  #isNegotiated(source: MediaSource): boolean {
    const section = this.#sections.get(source);
    return section !== undefined && section.mid !== null && !isStopped(section);
  }

  #enter(source: MediaSource, transceiver: RTCRtpTransceiver): void {
    this.#sections.set(source, transceiver);
    this.#arrived(source, transceiver.receiver.track);
  }

  #direction(): RTCRtpTransceiverDirection {
    return this.#maySend ? 'sendrecv' : 'recvonly';
  }
}

/** Refused by an answer (port 0), or stopped by the other side: it carries nothing any more. */
const isStopped = ({ currentDirection, direction }: RTCRtpTransceiver): boolean =>
  currentDirection === 'stopped' || direction === 'stopped';

function encodingOf(source: MediaSource): RTCRtpEncodingParameters {
  const maxBitrate = MAX_BITRATE[source];
  return maxBitrate === undefined ? {} : { maxBitrate };
}

/** Sections that an offer brought were made without these limits. */
async function limitBitrate(sender: RTCRtpSender, limits: RTCRtpEncodingParameters): Promise<void> {
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) Object.assign(encoding, limits);
  if (parameters.encodings.length > 0) await sender.setParameters(parameters);
}
