// One connection to Redis: it fails fast, waits for nothing, sends nothing twice, and comes back by itself.
import { performance } from 'node:perf_hooks';
import { FairDeadline, onSharedBeat, withinDeadline } from '@millrace/domain';
import type { Beat } from '@millrace/domain';
import { Redis } from 'ioredis';
import { LiveStoreError } from '../live-store-error.ts';
import type { LiveStoreErrorCode, LiveStoreOperation } from '../live-store-error.ts';
import type { LiveStoreObserver } from '../live-store-observer.ts';
import { defineScripts } from './redis-scripts.ts';
import type { ScriptedRedis } from './redis-scripts.ts';

export interface RedisLinkOptions {
  readonly url: string;
  /** What it is for; seen in `CLIENT LIST` and in logs. */
  readonly name: string;
  /** How long a call may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest wait between two tries to connect, in milliseconds. */
  readonly maxReconnectDelayMs: number;
  readonly observer: LiveStoreObserver;
}

const CONNECT_TIMEOUT_MS = 2_000;
/** Only for the handshake: calls have their own deadline, which is shorter. */
const SOCKET_TIMEOUT_MS = 10_000;
/** How long a connection that is given up may take to close before it is destroyed. */
const DISCONNECT_TIMEOUT_MS = 100;
const PING_INTERVAL_MS = 1_000;
/** A call with a payload may take this much longer: 32 KiB for each millisecond, about 270 Mbit/s. */
const PAYLOAD_BYTES_PER_MS = 32 * 1024;

/** A connection with a deadline for every call. */
export class RedisLink {
  readonly redis: ScriptedRedis;
  readonly #options: RedisLinkOptions;
  readonly #pinger: Beat;
  #answeredAtMs = 0;
  #closed = false;
  #givenUp = false;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    const redis = new Redis(options.url, {
      lazyConnect: true,
      connectionName: `millrace-${options.name}`,
      // Who asks while Redis is away is told so at once; nothing is queued and nothing is sent again.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt - 1, 10), options.maxReconnectDelayMs),
      reconnectOnError: (error) => this.#isFromReplica(error),
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
      maxLoadingRetryTime: 250,
      keepAlive: 5_000,
    });
    redis.on('error', (error: Error) => options.observer.connectionFailed?.(options.name, error.message));
    redis.on('close', () => (this.#givenUp = false));
    this.redis = defineScripts(redis);
    this.#pinger = onSharedBeat(PING_INTERVAL_MS, () => this.#ping());
  }

  get isReady(): boolean {
    return !this.#closed && !this.#givenUp && this.redis.status === 'ready';
  }

  /** Starts connecting. Settles when connected, or when the first try has failed, or after the deadline; never rejects. */
  async open(): Promise<void> {
    const patience = AbortSignal.timeout(this.#options.timeoutMs);
    await Promise.race([
      // Why it failed comes as an 'error' event.
      this.redis.connect().catch(() => undefined),
      new Promise((resolve) => patience.addEventListener('abort', resolve, { once: true })),
    ]);
  }

  /**
   * Sends a call.
   *
   * @param payloadBytes what it carries beyond a few KiB
   * @throws LiveStoreError always of this kind
   */
  async call<T>(
    operation: LiveStoreOperation,
    send: (redis: ScriptedRedis) => Promise<T>,
    payloadBytes = 0,
  ): Promise<T> {
    const started = performance.now();
    let failure: LiveStoreErrorCode | undefined;
    try {
      if (this.#closed) throw new LiveStoreError('closed', operation);
      if (!this.isReady) throw new LiveStoreError('disconnected', operation);
      const answer = await this.#withinDeadline(operation, send(this.redis), payloadBytes);
      this.#answeredAtMs = performance.now();
      return answer;
    } catch (error) {
      const known = error instanceof LiveStoreError ? error : this.#translate(operation, error);
      failure = known.code;
      throw known;
    } finally {
      this.#options.observer.called?.(operation, (performance.now() - started) / 1_000, failure);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#pinger.stop();
    const ended = new Promise((resolve) => this.redis.once('end', resolve));
    const wasUp = this.redis.status === 'ready' || this.redis.status === 'connect';
    this.redis.disconnect();
    if (wasUp) await ended;
  }

  /** Answers come in order: when one is late, all are, so the connection is given up, and with it all that it still holds. */
  #withinDeadline<T>(operation: LiveStoreOperation, answer: Promise<T>, payloadBytes: number): Promise<T> {
    const deadlineMs = this.#options.timeoutMs + Math.floor(payloadBytes / PAYLOAD_BYTES_PER_MS);
    return withinDeadline(answer, deadlineMs, () => {
      this.#giveUp();
      return new LiveStoreError('timed_out', operation);
    });
  }

  #giveUp(): void {
    if (this.#givenUp || this.#closed || this.redis.status !== 'ready') return;
    this.#givenUp = true;
    this.#options.observer.connectionFailed?.(this.#options.name, 'no answer in time');
    this.redis.disconnect(true);
  }

  /** A primary that has become a replica: its address may lead to the new primary, so this connection is given up. */
  #isFromReplica(error: Error): boolean {
    const isReplica = error.message.startsWith('READONLY');
    if (isReplica) this.#givenUp = true;
    return isReplica;
  }

  /** Finds a dead connection also without calls. */
  #ping(): void {
    if (!this.isReady || performance.now() - this.#answeredAtMs < PING_INTERVAL_MS) return;
    const deadline = new FairDeadline(this.#options.timeoutMs, () => this.#giveUp());
    this.redis.ping().then(
      () => deadline.clear(),
      // The connection was lost: the listeners have been told.
      () => deadline.clear(),
    );
  }

  /** What the client throws carries the command with its arguments: only its message goes on. */
  #translate(operation: LiveStoreOperation, error: unknown): LiveStoreError {
    const message = error instanceof Error ? error.message : String(error);
    if (message.startsWith('OOM')) return new LiveStoreError('full', operation);
    return error instanceof Error && error.name === 'ReplyError'
      ? new LiveStoreError('failed', operation, message)
      : new LiveStoreError('disconnected', operation, message);
  }
}
