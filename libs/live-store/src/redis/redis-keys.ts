// Every key there is. The part in braces is the hash tag: keys with the same tag can be used in one step of a cluster.

/** What follows a segment's key in the key of its content type: the release before knows the segment's key alone. */
export const SEGMENT_TYPE_SUFFIX = ':type';

/** The names under one prefix. Callers have checked ids and segment names (store-names.ts). */
export class RedisKeys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** What every key of the control plane begins with. */
  get livePrefix(): string {
    return `${this.#prefix}:{live}:`;
  }

  // All of the control plane in one slot: a claim touches stream, tenant and index in one step.
  /** What every script of the control plane takes first. */
  get publication(): readonly string[] {
    return [this.open, this.seen];
  }
  /** Sorted set: `<streamId>:<epoch>` of each open session, by until (or since) when its publisher is (or was) connected. */
  get open(): string {
    return `${this.livePrefix}open`;
  }
  /** String: when the control plane's data was last read or changed. */
  get seen(): string {
    return `${this.livePrefix}seen`;
  }
  /** Sorted set: `<features, separated by commas> <instance>` of each live packager, by until when it counts as live. */
  get packagers(): string {
    return `${this.livePrefix}packagers`;
  }
  /** Sorted set: the sources that an edge pulls, by until when its lease lasts. */
  get sources(): string {
    return `${this.livePrefix}sources`;
  }
  /** String: `<token> <until> <owner> <state>` of a source; until is 0 once it has been released. */
  source(sourceId: string): string {
    return `${this.livePrefix}source:${sourceId}`;
  }
  /** Sorted set: the streams that viewers want, by until when. */
  get demand(): string {
    return `${this.livePrefix}demand`;
  }
  /** Hash: the newest session of a stream and its claim. */
  session(streamId: string): string {
    return `${this.livePrefix}session:${streamId}`;
  }
  /** Sorted set: the tenant's streams, by until when each counts against the quota. */
  tenant(tenantId: string): string {
    return `${this.livePrefix}tenant:${tenantId}`;
  }
  /** Hash: the encoder that waits to take over a stream. */
  standby(streamId: string): string {
    return `${this.livePrefix}standby:${streamId}`;
  }
  /** There while claims with this key are to be cut. */
  revoked(streamKeyId: string): string {
    return `${this.livePrefix}revoked:${streamKeyId}`;
  }

  /** String: what the publisher of a stream sends, as its edge measured it a moment ago. */
  ingest(streamId: string): string {
    return `${this.livePrefix}ingest:${streamId}`;
  }

  /** Hash: minutes of the last hours, each with the samples of what a session was sent. */
  health(sessionId: string): string {
    return `${this.livePrefix}health:${sessionId}`;
  }
  /** Sorted set: the tenant's sessions that have samples, by when the newest one came. */
  healthOfTenant(tenantId: string): string {
    return `${this.livePrefix}health-of:${tenantId}`;
  }

  // One slot for each stream.
  /** String: `<token> <until> <owner>`; until is 0 once it has been released. */
  lease(streamId: string): string {
    return `${this.#prefix}:{${streamId}}:lease`;
  }
  /** Hash: what viewers read, and the list behind it. */
  playlist(streamId: string): string {
    return `${this.#prefix}:{${streamId}}:playlist`;
  }
  /** Hash: the numbers to go on from; outlives the playlist. */
  head(streamId: string): string {
    return `${this.#prefix}:{${streamId}}:head`;
  }
  /** String: the bytes of a segment. */
  segment(streamId: string, name: string): string {
    return this.segmentPrefix(streamId) + name;
  }
  /** String: what HTTP calls these bytes. No name of a segment has a colon in it. */
  segmentType(streamId: string, name: string): string {
    return this.segment(streamId, name) + SEGMENT_TYPE_SUFFIX;
  }
  /** String: the bytes of a segment on their way, until the commit that they belong to. */
  staged(streamId: string, attempt: string): string {
    return `${this.#prefix}:{${streamId}}:new:${attempt}`;
  }
  segmentPrefix(streamId: string): string {
    return `${this.#prefix}:{${streamId}}:seg:`;
  }

  /** Sorted set: who watches a playback id, or a stream or a tenant with a limit of viewers, by when each was last seen. */
  viewers(watchedId: string): string {
    return `${this.#prefix}:viewers:${watchedId}`;
  }

  record(key: string): string {
    return `${this.#prefix}:record:${key}`;
  }

  /** The channel on which each commit says its stream's id. */
  get changes(): string {
    return `${this.#prefix}:changes`;
  }
}
