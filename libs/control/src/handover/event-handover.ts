// Hands events over to gateways: in order for each tenant, again until they are acknowledged, bounded for each tenant and in all.
import { randomUUID } from 'node:crypto';
import type { ControlSender } from '../control-sender.ts';
import { ControlSubject } from '../messages.ts';
import { handOverAnswerSchema, MAX_EVENTS_AT_ONCE } from './hand-over-messages.ts';
import type { HandedEvent } from './hand-over-messages.ts';

export const HANDOVER_LIMITS = {
  maxPerTenant: 1_000,
  maxEvents: 20_000,
  /** Of one request: a sealed request has an upper size. */
  maxRequestBytes: 24 * 1024,
} as const;

/** How long a service that stops waits until gateways have written what it has handed over. */
export const SETTLE_MS = 1_000;

/** How long one gateway may take to write what it is handed. */
const ATTEMPT_MS = 5_000;
/** Between rounds that brought nothing; doubles up to the second value. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

export interface HandoverOptions {
  /** Defaults: `HANDOVER_LIMITS`. */
  readonly maxPerTenant?: number;
  readonly maxEvents?: number;
  /** An event was dropped. @param isFirst whether it is the first one of this tenant since all of its events were acknowledged */
  readonly onDropped?: (tenantId: string, isFirst: boolean) => void;
}

interface Waiting {
  readonly event: HandedEvent;
  readonly bytes: number;
}

interface TenantQueue {
  waiting: Waiting[];
  hasDropped: boolean;
}

export class EventHandover {
  readonly #sender: Pick<ControlSender, 'ask'>;
  readonly #maxPerTenant: number;
  readonly #maxEvents: number;
  readonly #onDropped: (tenantId: string, isFirst: boolean) => void;
  /** By tenant; the one whose turn was longest ago comes first. */
  readonly #queues = new Map<string, TenantQueue>();
  #pending = 0;
  #running: Promise<void> | undefined;
  #stopped = false;
  #wake = (): void => undefined;

  constructor(sender: Pick<ControlSender, 'ask'>, options: HandoverOptions = {}) {
    this.#sender = sender;
    this.#maxPerTenant = options.maxPerTenant ?? HANDOVER_LIMITS.maxPerTenant;
    this.#maxEvents = options.maxEvents ?? HANDOVER_LIMITS.maxEvents;
    this.#onDropped = options.onDropped ?? (() => undefined);
  }

  /** Events that are not acknowledged yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Takes an event. It is sent in the background. */
  hand(subject: string, tenantId: string, data: object): void {
    const event = { id: randomUUID(), subject, tenantId, atMs: Date.now(), data };
    const queue = this.#queues.get(tenantId) ?? { waiting: [], hasDropped: false };
    this.#queues.set(tenantId, queue);
    if (queue.waiting.length >= this.#maxPerTenant) this.#drop(tenantId, queue);
    else if (this.#pending >= this.#maxEvents) this.#dropOfLongest();
    queue.waiting.push({ event, bytes: Buffer.byteLength(JSON.stringify(event)) });
    this.#pending++;
    this.#running ??= this.#run();
  }

  /** Waits at most `timeoutMs` until everything is acknowledged; what is left after that is given up. */
  async close(timeoutMs: number): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (late = setTimeout(resolve, timeoutMs)));
    // What waits for its next turn is tried at once.
    this.#wake();
    await Promise.race([this.#running, patience]);
    clearTimeout(late);
    this.#stopped = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    // Events that come together go together.
    await Promise.resolve();
    while (this.#pending > 0 && !this.#stopped) {
      if (await this.#handBatch()) pauseMs = FIRST_PAUSE_MS;
      else {
        await this.#pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
    this.#running = undefined;
  }

  /** @returns whether anything was acknowledged */
  async #handBatch(): Promise<boolean> {
    const events = this.#take();
    const { handOver } = ControlSubject;
    const answered = await this.#sender.ask(
      handOver,
      { events },
      handOverAnswerSchema,
      ATTEMPT_MS,
      undefined,
      ATTEMPT_MS,
    );
    const done = new Set(answered?.answer.done);
    if (done.size === 0) return false;
    for (const tenantId of new Set(events.map((event) => event.tenantId))) this.#acknowledge(tenantId, done);
    return true;
  }

  /** The oldest events, of one tenant after the other; the tenants that are in it come last next time. */
  #take(): HandedEvent[] {
    const events: HandedEvent[] = [];
    let bytes = 0;
    const share = Math.max(1, Math.ceil(MAX_EVENTS_AT_ONCE / this.#queues.size));
    for (const [tenantId, queue] of [...this.#queues]) {
      for (const waiting of queue.waiting.slice(0, share)) {
        bytes += waiting.bytes;
        if (events.length >= MAX_EVENTS_AT_ONCE) return events;
        if (events.length > 0 && bytes > HANDOVER_LIMITS.maxRequestBytes) return events;
        events.push(waiting.event);
      }
      this.#queues.delete(tenantId);
      this.#queues.set(tenantId, queue);
    }
    return events;
  }

  #acknowledge(tenantId: string, done: ReadonlySet<string>): void {
    const queue = this.#queues.get(tenantId);
    if (queue === undefined) return;
    const left = queue.waiting.filter(({ event }) => !done.has(event.id));
    this.#pending -= queue.waiting.length - left.length;
    queue.waiting = left;
    if (left.length === 0) this.#queues.delete(tenantId);
  }

  #dropOfLongest(): void {
    let longest: [string, TenantQueue] | undefined;
    for (const entry of this.#queues)
      if (longest === undefined || entry[1].waiting.length > longest[1].waiting.length) longest = entry;
    if (longest !== undefined) this.#drop(...longest);
  }

  #drop(tenantId: string, queue: TenantQueue): void {
    queue.waiting.shift();
    this.#pending--;
    this.#onDropped(tenantId, !queue.hasDropped);
    queue.hasDropped = true;
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
