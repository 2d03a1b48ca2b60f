// The three media sections between two peers, fixed for the life of the connection: microphone, camera, screen. A source
// is switched by replacing the track of its sender, so that nothing is negotiated when somebody mutes, turns the camera off or
// shares a screen. The side that offers first makes the sections; the other takes them over in their order.
import { KIND_OF, MEDIA_SOURCES, type MediaSource } from '../media/media-source.ts';
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

  /** Makes all sections, which leads to an offer. */
  create(): void {
    for (const source of MEDIA_SOURCES) {
      const transceiver = this.#connection.addTransceiver(this.#published.track(source) ?? KIND_OF[source], {
        direction: this.#direction(),
        streams: source === 'screen' ? [] : [this.#person],
        sendEncodings: [encodingOf(source)],
      });
      this.#enter(source, transceiver);
    }
  }

  /** Takes over what an offer has brought. Before the answer, so that this side sends in it. */
  async adopt(): Promise<void> {
    const known = new Set(this.#sections.values());
    for (const transceiver of this.#connection.getTransceivers()) {
      if (known.has(transceiver) || transceiver.mid === null) continue;
      const kind = transceiver.receiver.track.kind;
      const source = MEDIA_SOURCES.find((each) => KIND_OF[each] === kind && !this.#sections.has(each));
      if (source === undefined) continue;
      transceiver.direction = this.#direction();
      if (source !== 'screen') transceiver.sender.setStreams(this.#person);
      this.#enter(source, transceiver);
      await limitBitrate(transceiver.sender, encodingOf(source));
      await this.publish(source);
    }
  }

  /** Sends what is published for this source now, or nothing. */
  async publish(source: MediaSource): Promise<void> {
    await this.#sections.get(source)?.sender.replaceTrack(this.#published.track(source) ?? null);
  }

  #enter(source: MediaSource, transceiver: RTCRtpTransceiver): void {
    this.#sections.set(source, transceiver);
    this.#arrived(source, transceiver.receiver.track);
  }

  #direction(): RTCRtpTransceiverDirection {
    return this.#maySend ? 'sendrecv' : 'recvonly';
  }
}

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
