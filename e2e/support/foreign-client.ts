// A participant that is not ours: written from docs/signaling.md alone, on an ICE agent of others, without a line of
// libs/rooms-client. What it gets wrong, the document gets wrong.
import { MediaStreamTrack as Track, RTCPeerConnection, useOPUS, useVP8 } from 'werift';
import type { MediaStreamTrack } from 'werift';
import { startRtpSource } from './rtp-source.ts';
import type { RtpSource } from './rtp-source.ts';

interface Participant {
  readonly id: string;
  readonly polite: boolean;
}
type Message = Readonly<Record<string, unknown>>;
type Candidate = NonNullable<Parameters<RTCPeerConnection['addIceCandidate']>[0]>;

/** Section "Negotiation", step 2. */
const OFFER_PATIENCE_MS = 2_000;

/**
 * How closely it keeps to the document:
 * `documented`: it does as the document says, and offers audio and video only, which the document allows.
 * `silent`: it never offers, whichever side it is on.
 * `hasty`: it offers to each new participant, without waiting for that side's offer.
 */
export type Manners = 'documented' | 'silent' | 'hasty';

export class ForeignClient {
  /** RTP packets that came, by section: the first audio, the first video, the second video. */
  readonly received = { microphone: 0, camera: 0, screen: 0 };
  readonly #socket: WebSocket;
  readonly #manners: Manners;
  readonly #audio = new Track({ kind: 'audio' });
  readonly #video = new Track({ kind: 'video' });
  readonly #peers = new Map<string, Peer>();
  #source: RtpSource | undefined;
  #joined = false;

  private constructor(socket: WebSocket, manners: Manners) {
    this.#socket = socket;
    this.#manners = manners;
  }

  static async join(url: string, token: string, name: string, manners: Manners = 'documented'): Promise<ForeignClient> {
    const socket = new WebSocket(url);
    const client = new ForeignClient(socket, manners);
    client.#source = await startRtpSource(
      (packet) => client.#video.writeRtp(packet),
      (packet) => client.#audio.writeRtp(packet),
    );
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'join', version: 1, token, name })));
      socket.addEventListener('error', () => reject(new Error(`cannot connect to ${url}`)));
      socket.addEventListener('message', ({ data }) => {
        const message = JSON.parse(String(data)) as Message;
        if (message['type'] === 'error') reject(new Error(JSON.stringify(message)));
        client.#take(message);
        if (client.#joined) resolve();
      });
    });
    return client;
  }

  /** The kinds of the sections with each other participant, in order. */
  get sections(): string[][] {
    return [...this.#peers.values()].map(({ connection }) => connection.getTransceivers().map(({ kind }) => kind));
  }

  /** How many offers it has sent. */
  get offers(): number {
    return [...this.#peers.values()].reduce((sum, { offers }) => sum + offers, 0);
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.#source?.stop();
    for (const peer of this.#peers.values()) await peer.close();
  }

  #take(message: Message): void {
    switch (message['type']) {
      case 'joined':
        this.#joined = true;
        for (const participant of message['participants'] as Participant[]) this.#meet(participant);
        return;
      case 'participant_joined':
        return this.#meet(message['participant'] as Participant);
      case 'participant_left': {
        const id = message['participant_id'] as string;
        void this.#peers.get(id)?.close();
        this.#peers.delete(id);
        return;
      }
      case 'offer':
      case 'answer':
      case 'candidate':
        return this.#peers.get(message['from'] as string)?.receive(message);
    }
  }

  #meet({ id, polite }: Participant): void {
    const peer = new Peer({
      polite,
      audio: this.#audio,
      video: this.#video,
      send: (message) => this.#socket.send(JSON.stringify({ ...message, to: id })),
      arrived: (track) => this.#count(peer, track),
    });
    this.#peers.set(id, peer);
    if (this.#manners === 'silent') return;
    if (polite || this.#manners === 'hasty') peer.offer();
    else peer.offerUnlessOffered(OFFER_PATIENCE_MS);
  }

  /** Section "Media sections": by kind and order. */
  #count({ connection }: Peer, track: MediaStreamTrack): void {
    track.onReceiveRtp.subscribe(() => {
      const index = connection
        .getTransceivers()
        .filter(({ kind }) => kind === track.kind)
        .findIndex(({ receiver }) => receiver.tracks.includes(track));
      if (track.kind === 'audio' && index === 0) this.received.microphone++;
      if (track.kind === 'video' && index === 0) this.received.camera++;
      if (track.kind === 'video' && index === 1) this.received.screen++;
    });
  }
}

interface PeerOptions {
  readonly polite: boolean;
  readonly audio: MediaStreamTrack;
  readonly video: MediaStreamTrack;
  readonly send: (message: object) => void;
  readonly arrived: (track: MediaStreamTrack) => void;
}

class Peer {
  readonly connection: RTCPeerConnection;
  offers = 0;
  readonly #options: PeerOptions;
  #early: Candidate[] = [];
  #work: Promise<void> = Promise.resolve();
  #patience: NodeJS.Timeout | undefined;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.connection = new RTCPeerConnection({
      codecs: { audio: [useOPUS()], video: [useVP8()] },
      iceServers: [],
      iceUseIpv6: false,
    });
    this.connection.onTrack.subscribe((track) => options.arrived(track));
    this.connection.onIceCandidate.subscribe((candidate) => {
      if (candidate !== undefined) options.send({ type: 'candidate', candidate: candidate.toJSON() });
      else options.send({ type: 'end_of_candidates' });
    });
  }

  offer(): void {
    this.#then(async () => {
      this.#addTracks();
      await this.connection.setLocalDescription(await this.connection.createOffer());
      this.offers++;
      this.#options.send({ type: 'offer', sdp: this.connection.localDescription?.sdp });
    });
  }

  offerUnlessOffered(patienceMs: number): void {
    this.#patience = setTimeout(() => {
      if (this.connection.remoteDescription === null) this.offer();
    }, patienceMs);
  }

  receive(message: Message): void {
    this.#then(async () => {
      const { connection } = this;
      switch (message['type']) {
        case 'offer':
          if (connection.signalingState !== 'stable' && !this.#options.polite) return;
          await this.#describe(message);
          this.#addTracks();
          await connection.setLocalDescription(await connection.createAnswer());
          return this.#options.send({ type: 'answer', sdp: connection.localDescription?.sdp });
        case 'answer':
          if (connection.signalingState === 'have-local-offer') await this.#describe(message);
          return;
        case 'candidate':
          return this.#addCandidate(message['candidate'] as Candidate);
      }
    });
  }

  async #describe(description: Message): Promise<void> {
    await this.connection.setRemoteDescription(description);
    for (const candidate of this.#early.splice(0)) await this.#addCandidate(candidate);
  }

  /** Kept until there is a description; one that belongs to another description is dropped. */
  async #addCandidate(candidate: Candidate): Promise<void> {
    const { remoteDescription } = this.connection;
    if (remoteDescription === null) this.#early.push(candidate);
    else if (remoteDescription.sdp.includes(`a=ice-ufrag:${candidate.usernameFragment}\r\n`))
      await this.connection.addIceCandidate(candidate);
  }

  async close(): Promise<void> {
    clearTimeout(this.#patience);
    await this.connection.close();
  }

  /** One after the other, as they came. */
  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(work);
  }

  /** Its own audio and video: in the sections that an offer has brought, or in new ones. */
  #addTracks(): void {
    for (const track of [this.#options.audio, this.#options.video]) {
      const sections = this.connection.getTransceivers().filter(({ kind }) => kind === track.kind);
      if (sections.some(({ sender }) => sender.track === track)) continue;
      const [free] = sections;
      if (free === undefined) this.connection.addTransceiver(track, { direction: 'sendrecv' });
      else {
        void free.sender.replaceTrack(track);
        free.setDirection('sendrecv');
      }
    }
  }
}
