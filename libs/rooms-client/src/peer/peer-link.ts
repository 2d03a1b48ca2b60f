// The connection to one other participant: media sections, negotiation, repair.
import type { ClientClock, Random } from '../clock.ts';
import type { MediaSource } from '../media/media-source.ts';
import type { PublishedMedia } from '../media/published-media.ts';
import { readPath } from '../stats/candidate-path.ts';
import { StatsReader } from '../stats/stats-reader.ts';
import type { LinkStats } from '../stats/stats-reader.ts';
import { rawReport } from '../stats/stats-report.ts';
import { MediaSections } from './media-sections.ts';
import { Negotiator } from './negotiator.ts';
import type { NegotiationMessage } from './negotiator.ts';
import { PathRecovery } from './path-recovery.ts';
import type { PathState } from './path-recovery.ts';

/** The one who came later offers; after so long without its offer the other side makes one itself. */
export const OFFER_PATIENCE_MS = 2_000;

export interface PeerLinkOptions {
  readonly configuration: RTCConfiguration;
  readonly polite: boolean;
  readonly maySend: boolean;
  readonly published: PublishedMedia;
  readonly clock: ClientClock;
  readonly random: Random;
  readonly send: (message: NegotiationMessage) => void;
  readonly arrived: (source: MediaSource, track: MediaStreamTrack) => void;
  readonly pathChanged: (state: PathState) => void;
  readonly failed: (error: unknown) => void;
}

export class PeerLink {
  readonly #connection: RTCPeerConnection;
  readonly #sections: MediaSections;
  readonly #negotiator: Negotiator;
  readonly #recovery: PathRecovery;
  readonly #stats: StatsReader;
  readonly #cancelPatience: () => void;

  constructor(options: PeerLinkOptions) {
    const connection = new RTCPeerConnection(options.configuration);
    this.#connection = connection;
    this.#stats = new StatsReader();
    this.#sections = new MediaSections(connection, options.published, options.maySend, options.arrived);
    this.#negotiator = new Negotiator({
      connection,
      polite: options.polite,
      clock: options.clock,
      send: options.send,
      beforeAnswer: () => this.#sections.adopt(),
      failed: options.failed,
    });
    this.#recovery = new PathRecovery({
      clock: options.clock,
      random: options.random,
      polite: options.polite,
      // Without sections there is nothing to restart: an offer without any is none (RFC 8829 section 5.2).
      restart: () => (this.#sections.isEmpty ? this.#sections.create() : connection.restartIce()),
      changed: options.pathChanged,
    });
    connection.onconnectionstatechange = () => this.#recovery.observe(connection.connectionState);
    // The polite side is the one who came later: it offers.
    if (options.polite) this.#sections.create();
    this.#cancelPatience = options.clock.after(OFFER_PATIENCE_MS, () => {
      if (connection.remoteDescription === null) this.#sections.create();
    });
  }

  get path(): PathState {
    return this.#recovery.state;
  }

  async receive(message: NegotiationMessage): Promise<void> {
    await this.#negotiator.receive(message);
    if (this.#connection.remoteDescription !== null) this.#recovery.answered();
  }

  publish(source: MediaSource): Promise<void> {
    return this.#sections.publish(source);
  }

  async stats(): Promise<LinkStats> {
    return this.#stats.read(rawReport(await this.#connection.getStats()));
  }

  /** New servers count from the next ICE restart on; a relayed path is moved to them now, before its credentials run out. */
  async setIceServers(iceServers: RTCIceServer[]): Promise<void> {
    this.#connection.setConfiguration({ ...this.#connection.getConfiguration(), iceServers });
    const path = readPath(rawReport(await this.#connection.getStats()));
    if (path?.local === 'relay') this.#connection.restartIce();
  }

  /** The network may have changed. */
  hurry(): void {
    this.#recovery.hurry();
  }

  close(): void {
    this.#cancelPatience();
    this.#recovery.stop();
    this.#negotiator.close();
    this.#connection.onconnectionstatechange = null;
    this.#connection.close();
  }
}
