// The connection to NATS and its streams: up, down, and up again, perhaps with everything forgotten.
import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { createInbox } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { FrameBusError } from '../frame-bus.errors.ts';
import type { FrameBusObserver } from '../frame-bus-observer.ts';
import { ensureStreams, findStreams } from './jetstream-streams.ts';
import { connectToNats } from './nats-connect.ts';
import type { NatsAccess } from './nats-connect.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';
import { isAtLeast, MINIMUM_NATS_VERSION } from './nats-version.ts';
import type { WritePayload } from './outgoing-messages.ts';
import { SendWindow } from './send-window.ts';

/** Below this no sensible number of parts would carry a frame. */
const MIN_MAX_PAYLOAD = 4_096;

export interface LinkOptions extends NatsAccess {
  /** Whether streams that are missing are made; else they are waited for. */
  readonly makesStreams: boolean;
  /** Whether the stream of commit marks is one of them. */
  readonly marks: boolean;
}

export interface LinkListener {
  /** The streams are there. @param lost the shards whose messages from before are not */
  onReady(lost: ReadonlySet<number>): void;
  /** The connection, or JetStream, is away. */
  onDown(): void;
  /** The connection takes messages again after `window` was shut. */
  onWindow?(): void;
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** What is remembered of a shard's stream, to tell whether it is still the same one. */
interface ShardMemory {
  created: string;
  lastAcknowledged: number;
}

/** Ready means: connected, and all streams exist. Each time it becomes ready again it says which ones were lost. */
export class NatsLink {
  readonly connection: NatsConnection;
  readonly jetstream: JetStreamClient;
  readonly window: SendWindow;
  readonly #manager: JetStreamManager;
  readonly #options: LinkOptions;
  readonly #limits: NatsFrameBusLimits;
  readonly #observer: FrameBusObserver;
  readonly #listeners = new Set<LinkListener>();
  readonly #waiters = new Set<Waiter>();
  #shards: ShardMemory[] = [];
  #state: 'up' | 'down' | 'closed' = 'down';
  /** Aborted when what was begun on the present connection can no longer succeed. */
  #life = new AbortController();
  #readySinceMs = 0;
  /** Why the streams could not be made when it was last tried. */
  #cause: unknown;
  #maxPayload = MIN_MAX_PAYLOAD;
  #warnedOf: string | undefined;

  /**
   * Connects, and makes the streams or waits for them.
   * @throws FrameBusError when either takes longer than `connectTimeoutMs` or `streamsTimeoutMs`
   */
  static async open(options: LinkOptions, limits: NatsFrameBusLimits, observer: FrameBusObserver): Promise<NatsLink> {
    const connection = await connectToNats(options, limits);
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: limits.requestTimeoutMs });
    const link = new NatsLink(connection, manager, options, limits, observer);
    void link.#follow();
    void link.#setUp();
    try {
      await link.whenReady(options.makesStreams ? limits.connectTimeoutMs : limits.streamsTimeoutMs);
      return link;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  private constructor(
    connection: NatsConnection,
    manager: JetStreamManager,
    options: LinkOptions,
    limits: NatsFrameBusLimits,
    observer: FrameBusObserver,
  ) {
    this.connection = connection;
    this.jetstream = jetstream(connection, { timeout: limits.requestTimeoutMs });
    this.window = new SendWindow(connection, limits.sendWindowBytes, limits.sendProbeBytes, () => {
      for (const listener of this.#listeners) listener.onWindow?.();
    });
    this.#manager = manager;
    this.#options = options;
    this.#limits = limits;
    this.#observer = observer;
  }

  get isReady(): boolean {
    return this.#state === 'up';
  }

  /** Since when it has been ready without a break: wall-clock time in milliseconds. */
  get readySinceMs(): number {
    return this.#readySinceMs;
  }

  /** The largest message that the server takes, in bytes. */
  get maxPayload(): number {
    return this.#maxPayload;
  }

  /** A new subject for answers, as the server's permissions want it. */
  newInbox(): string {
    return createInbox(this.#options.inboxPrefix);
  }

  listen(listener: LinkListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Publishes a message of this many bytes; only while the link is ready. @param write writes them */
  publish(subject: string, reply: string | undefined, bytes: number, write: WritePayload): void {
    this.window.publish(subject, reply, bytes, write);
  }

  /** Takes note of the newest sequence that the stream of a shard has acknowledged. */
  acknowledged(shard: number, sequence: number): void {
    const memory = this.#shards[shard];
    if (memory && sequence > memory.lastAcknowledged) memory.lastAcknowledged = sequence;
  }

  /** @throws FrameBusError when the link is closed, or does not become ready in time; without a limit it waits */
  async whenReady(timeoutMs = Infinity): Promise<void> {
    if (this.#state === 'up') return;
    if (this.#state === 'closed') throw new FrameBusError('closed', 'the frame bus is closed');
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = { resolve, reject };
      this.#waiters.add(waiter);
      if (timeoutMs === Infinity) return;
      const timer = setTimeout(() => {
        if (this.#waiters.delete(waiter)) reject(this.#unavailable());
      }, timeoutMs);
      waiter.resolve = () => (clearTimeout(timer), resolve());
      waiter.reject = (error) => (clearTimeout(timer), reject(error));
    });
  }

  /** Asks the server something. Rejects at once when the connection breaks, rather than when the time is over. */
  async ask<T>(question: (manager: JetStreamManager, broken: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#state === 'closed') throw new FrameBusError('closed', 'the frame bus is closed');
    const { signal } = this.#life;
    const broken = Promise.withResolvers<never>();
    const onAbort = (): void => broken.reject(new FrameBusError('unavailable', 'the connection to NATS broke'));
    signal.addEventListener('abort', onAbort);
    const answer = question(this.#manager, signal);
    // When the connection has broken, this answer is not waited for any more.
    answer.catch(() => undefined);
    try {
      return await Promise.race([answer, broken.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Looks at the streams again and makes everyone send again what is not confirmed: something went wrong unnoticed. */
  resync(): void {
    if (this.#state !== 'up') return;
    this.#goDown();
    void this.#setUp();
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#goDown();
    this.#state = 'closed';
    for (const waiter of this.#waiters) waiter.reject(new FrameBusError('closed', 'the frame bus is closed'));
    this.#waiters.clear();
    this.#listeners.clear();
    await this.connection.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (this.#state === 'closed') return;
      if (status.type === 'disconnect') {
        this.#observer.problem(new FrameBusError('unavailable', 'the connection to NATS broke'));
        this.#goDown();
      } else if (status.type === 'reconnect') {
        this.#goDown();
        this.window.reset();
        void this.#setUp();
      }
    }
  }

  #goDown(): void {
    const wasUp = this.#state === 'up';
    if (this.#state !== 'closed') this.#state = 'down';
    this.#life.abort();
    this.#life = new AbortController();
    if (wasUp) for (const listener of this.#listeners) listener.onDown();
  }

  /** Makes the streams; repeats that until it works, or until the connection breaks again and another one takes over. */
  async #setUp(): Promise<void> {
    const { signal } = this.#life;
    while (!signal.aborted) {
      try {
        const lost = await this.ask(async (manager) => this.#makeStreams(manager));
        if (!signal.aborted) this.#goUp(lost);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#cause = error;
        this.#observer.problem(this.#unavailable());
        await delay(this.#limits.reconnectWaitMs);
      }
    }
  }

  async #makeStreams(manager: JetStreamManager): Promise<Set<number>> {
    const maxPayload = this.connection.info?.max_payload ?? 0;
    if (maxPayload < MIN_MAX_PAYLOAD)
      throw new FrameBusError('refused', `the server's max_payload is ${maxPayload}, less than ${MIN_MAX_PAYLOAD}`);
    this.#maxPayload = maxPayload;
    this.#warnOfOldServer(this.connection.info?.version ?? '');
    const lost = new Set<number>();
    const infos = await (this.#options.makesStreams
      ? ensureStreams(manager, this.#limits)
      : findStreams(manager, this.#limits, this.#options.marks));
    this.#shards = infos.map((info, shard) => {
      const before = this.#shards[shard];
      const created = String(info.created);
      const isSame = before?.created === created && info.state.last_seq >= before.lastAcknowledged;
      if (before && !isSame) lost.add(shard);
      return { created, lastAcknowledged: isSame ? before.lastAcknowledged : 0 };
    });
    return lost;
  }

  #warnOfOldServer(version: string): void {
    if (version === this.#warnedOf || isAtLeast(version, MINIMUM_NATS_VERSION)) return;
    this.#warnedOf = version;
    const text = `NATS ${version} is older than ${MINIMUM_NATS_VERSION}: when its disk is full it may hang, and frames are then lost`;
    this.#observer.problem(new FrameBusError('old-server', text));
  }

  #unavailable(): FrameBusError {
    const why =
      this.#cause instanceof Error
        ? `${this.#options.makesStreams ? 'the streams cannot be created' : 'no packager has created the streams yet'}: ${this.#cause.message}`
        : 'no connection';
    return new FrameBusError('unavailable', `NATS is not ready: ${why}`, { cause: this.#cause });
  }

  #goUp(lost: ReadonlySet<number>): void {
    this.#state = 'up';
    this.#cause = undefined;
    this.#readySinceMs = Date.now();
    for (const waiter of this.#waiters) waiter.resolve();
    this.#waiters.clear();
    for (const listener of this.#listeners) listener.onReady(lost);
  }
}
