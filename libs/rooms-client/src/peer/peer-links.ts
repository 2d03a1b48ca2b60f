// The connections to the other participants of the room.
import type { ClientClock, Random } from '../clock.ts';
import type { MediaSource } from '../media/media-source.ts';
import type { PublishedMedia } from '../media/published-media.ts';
import type { RelayedMessage } from '../signaling/outbox.ts';
import type { RoomEvents } from '../room-events.ts';
import type { LinkStats } from '../stats/stats-reader.ts';
import type { TypedEvents } from '../typed-events.ts';
import type { NegotiationMessage } from './negotiator.ts';
import { PeerLink } from './peer-link.ts';

export interface PeerLinksOptions {
  readonly published: PublishedMedia;
  readonly clock: ClientClock;
  readonly random: Random;
  readonly send: (message: RelayedMessage) => void;
  readonly events: TypedEvents<RoomEvents>;
}

export class PeerLinks {
  readonly #options: PeerLinksOptions;
  readonly #links = new Map<string, PeerLink>();
  #configuration: RTCConfiguration = {};
  #maySend = false;

  constructor(options: PeerLinksOptions) {
    this.#options = options;
  }

  /** For connections that are opened from now on. */
  configure(configuration: RTCConfiguration, maySend: boolean): void {
    this.#configuration = configuration;
    this.#maySend = maySend;
  }

  open(participantId: string, polite: boolean): void {
    const { published, clock, random, send, events } = this.#options;
    const link = new PeerLink({
      configuration: this.#configuration,
      polite,
      maySend: this.#maySend,
      published,
      clock,
      random,
      send: (message) => send({ ...message, to: participantId }),
      arrived: (source, track) => events.emit('media', { participantId, source, track }),
      pathChanged: (state) => events.emit('path', { participantId, state }),
      failed: (error) =>
        events.emit('trouble', {
          code: 'negotiation_failed',
          detail: error instanceof Error ? error.message : 'unknown',
        }),
    });
    this.#links.set(participantId, link);
  }

  receive(participantId: string, message: NegotiationMessage): void {
    void this.#links.get(participantId)?.receive(message);
  }

  async publish(source: MediaSource): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.publish(source)));
  }

  setIceServers(iceServers: RTCIceServer[]): void {
    this.#configuration = { ...this.#configuration, iceServers };
    for (const link of this.#links.values()) {
      link.setIceServers(iceServers).catch((error: unknown) =>
        this.#options.events.emit('trouble', {
          code: 'ice_servers_rejected',
          detail: error instanceof Error ? error.message : 'unknown',
        }),
      );
    }
  }

  hurry(): void {
    for (const link of this.#links.values()) link.hurry();
  }

  async stats(): Promise<ReadonlyMap<string, LinkStats>> {
    const links = [...this.#links];
    const all = await Promise.all(links.map(async ([id, link]) => [id, await link.stats()] as const));
    return new Map(all);
  }

  close(participantId: string): void {
    this.#links.get(participantId)?.close();
    this.#links.delete(participantId);
  }

  closeAll(): void {
    for (const id of [...this.#links.keys()]) this.close(id);
  }
}
