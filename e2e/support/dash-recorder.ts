// A viewer of MPEG-DASH: loads each segment of every representation once it is in the manifest.
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 400;
const REQUEST_MS = 15_000;

/** One representation: its initialisation segment, and its segments by their numbers. */
interface Recorded {
  readonly initialization: Buffer;
  readonly segments: Map<number, Buffer>;
}

export class DashRecorder {
  readonly faults: string[] = [];
  readonly #manifestUrl: string;
  readonly #recorded = new Map<string, Recorded>();
  #isStopped = false;
  #running: Promise<void> | undefined;

  constructor(manifestUrl: string) {
    this.#manifestUrl = manifestUrl;
  }

  start(): this {
    this.#running = this.#run();
    return this;
  }

  /** Looks once more, then no more. @returns what each representation is when it is put together, by its id */
  async stop(): Promise<ReadonlyMap<string, Buffer>> {
    this.#isStopped = true;
    await this.#running;
    await this.#look();
    const files = [...this.#recorded].map(([id, { initialization, segments }]) => {
      const numbers = [...segments.keys()].sort((a, b) => a - b);
      if (numbers.some((number, i) => number !== numbers[0]! + i))
        this.faults.push(`${id} has a hole: ${numbers.join()}`);
      return [id, Buffer.concat([initialization, ...numbers.map((number) => segments.get(number)!)])] as const;
    });
    return new Map(files);
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      // What could not be loaded is loaded the next time.
      await this.#look().catch(() => undefined);
      await delay(POLL_MS);
    }
  }

  async #look(): Promise<void> {
    const answer = await fetch(this.#manifestUrl, { signal: AbortSignal.timeout(REQUEST_MS) });
    const manifest = await answer.text();
    if (answer.status !== 200) return;
    for (const [, id, body] of manifest.matchAll(/<Representation id="([^"]+)"(.*?)<\/Representation>/gs))
      await this.#loadNew(id!, body!);
  }

  /** A SegmentTemplate with a SegmentTimeline (ISO/IEC 23009-1 section 5.3.9.6). */
  async #loadNew(id: string, body: string): Promise<void> {
    const attribute = (name: string): string => new RegExp(` ${name}="([^"]*)"`).exec(body)?.[1] ?? '';
    let recorded = this.#recorded.get(id);
    if (recorded === undefined) {
      recorded = { initialization: await this.#load(attribute('initialization')), segments: new Map() };
      this.#recorded.set(id, recorded);
    }
    let number = Number(attribute('startNumber'));
    for (const [, attributes = ''] of body.matchAll(/<S ([^>]*)\/>/g))
      for (let left = Number(/r="(\d+)"/.exec(attributes)?.[1] ?? 0); left >= 0; left--, number++)
        if (!recorded.segments.has(number))
          recorded.segments.set(number, await this.#load(attribute('media').replace('$Number$', String(number))));
  }

  async #load(name: string): Promise<Buffer> {
    const answer = await fetch(new URL(name, this.#manifestUrl), { signal: AbortSignal.timeout(REQUEST_MS) });
    if (answer.status !== 200) throw new Error(`${name}: ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  }
}
