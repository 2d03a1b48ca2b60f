import { newId } from '@millrace/domain';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ControlSender } from '../control-sender.ts';
import { EventHandover, HANDOVER_LIMITS } from './event-handover.ts';
import type { HandoverOptions } from './event-handover.ts';
import { MAX_EVENTS_AT_ONCE, takeHandedEvents } from './hand-over-messages.ts';
import type { HandedEvent, HandOver } from './hand-over-messages.ts';

/** A gateway that writes what it is handed, unless it is away, or its answers are lost. */
class Gateway {
  isAway = false;
  losesAnswers = false;
  knows = (_: HandedEvent): boolean => true;
  readonly requests: HandedEvent[][] = [];
  readonly written = new Map<string, HandedEvent>();

  readonly ask: ControlSender['ask'] = async (_subject, request, answers) => {
    await Promise.resolve();
    if (this.isAway) return undefined;
    const { events } = request as { readonly events: HandedEvent[] };
    this.requests.push(events);
    const answer = await takeHandedEvents({ events }, (event) => {
      if (!this.knows(event)) return false;
      this.written.set(event.id, event);
      return true;
    });
    if (this.losesAnswers) return undefined;
    return { answer: answers.parse(answer), afterTimeout: false };
  };

  get data(): unknown[] {
    return [...this.written.values()].map(({ data }) => (data as { n: unknown }).n);
  }
}

const handovers: EventHandover[] = [];
afterEach(async () => {
  for (const handover of handovers.splice(0)) await handover.close(0);
});

function open(gateway: Gateway, options: HandoverOptions = {}): EventHandover {
  const handover = new EventHandover(gateway, options);
  handovers.push(handover);
  return handover;
}

const [ada, bea] = [newId('ten'), newId('ten')];
const empty = (handover: EventHandover) => vi.waitFor(() => expect(handover.pending).toBe(0), { interval: 5 });

describe('events that are handed over', () => {
  it('go together, in order, with an id and a time', async () => {
    const gateway = new Gateway();
    const handover = open(gateway);
    for (let n = 0; n < 3; n++) handover.hand('kind', ada, { n });
    expect(handover.pending).toBe(3);
    await empty(handover);
    expect(gateway.requests).toHaveLength(1);
    expect(gateway.data).toEqual([0, 1, 2]);
    const [first] = gateway.requests[0]!;
    expect(first).toMatchObject({ subject: 'kind', tenantId: ada });
    expect(Math.abs(first!.atMs - Date.now())).toBeLessThan(10_000);
  });

  it('wait for a gateway that is away, and come again with the same id when an answer was lost', async () => {
    const gateway = new Gateway();
    gateway.isAway = true;
    const handover = open(gateway);
    handover.hand('kind', ada, { n: 1 });
    gateway.losesAnswers = true;
    gateway.isAway = false;
    await vi.waitFor(() => expect(gateway.requests.length).toBeGreaterThan(1), { timeout: 5_000, interval: 5 });
    expect(handover.pending).toBe(1);
    gateway.losesAnswers = false;
    await vi.waitFor(() => expect(handover.pending).toBe(0), { timeout: 5_000, interval: 5 });
    expect(gateway.data).toEqual([1]);
  });

  it('that a gateway does not know wait for one that does; the others do not wait for them', async () => {
    const gateway = new Gateway();
    gateway.knows = ({ subject }) => subject === 'known';
    const handover = open(gateway);
    for (const [n, subject] of ['new', 'known', 'new', 'known'].entries()) handover.hand(subject, ada, { n });
    await vi.waitFor(() => expect(gateway.data).toEqual([1, 3]), { interval: 5 });
    expect(handover.pending).toBe(2);
    gateway.knows = () => true;
    await empty(handover);
    expect(gateway.data).toEqual([1, 3, 0, 2]);
  });

  it('of one tenant do not hold up those of others', async () => {
    const gateway = new Gateway();
    const handover = open(gateway);
    for (let n = 0; n < 4 * MAX_EVENTS_AT_ONCE; n++) handover.hand('kind', ada, { n });
    handover.hand('kind', bea, { n: 'bea' });
    await empty(handover);
    expect(gateway.requests[0]!.map(({ tenantId }) => tenantId)).toContain(bea);
    expect(gateway.requests[0]!.length).toBeLessThanOrEqual(MAX_EVENTS_AT_ONCE);
    expect(gateway.data.filter((n) => n !== 'bea')).toEqual([...Array(4 * MAX_EVENTS_AT_ONCE).keys()]);
  });

  it('are bounded for each tenant: the oldest is dropped, and that is told', async () => {
    const gateway = new Gateway();
    gateway.isAway = true;
    const dropped: [string, boolean][] = [];
    const handover = open(gateway, { maxPerTenant: 3, onDropped: (...drop) => dropped.push(drop) });
    for (let n = 0; n < 5; n++) handover.hand('kind', ada, { n });
    handover.hand('kind', bea, { n: 'bea' });
    expect(handover.pending).toBe(4);
    expect(dropped).toEqual([
      [ada, true],
      [ada, false],
    ]);
    gateway.isAway = false;
    await vi.waitFor(() => expect(handover.pending).toBe(0), { timeout: 5_000, interval: 5 });
    expect(gateway.data).toEqual(expect.arrayContaining([2, 3, 4, 'bea']));
    expect(gateway.written.size).toBe(4);
    gateway.isAway = true;
    for (let n = 0; n < 4; n++) handover.hand('kind', ada, { n });
    expect(dropped.at(-1)).toEqual([ada, true]);
  });

  it('are bounded in all: the tenant with the most loses its oldest', () => {
    const gateway = new Gateway();
    gateway.isAway = true;
    const dropped: string[] = [];
    const handover = open(gateway, { maxEvents: 4, onDropped: (tenantId) => dropped.push(tenantId) });
    for (let n = 0; n < 4; n++) handover.hand('kind', ada, { n });
    handover.hand('kind', bea, { n: 0 });
    expect(handover.pending).toBe(4);
    expect(dropped).toEqual([ada]);
  });

  it('fit into a request', async () => {
    const gateway = new Gateway();
    const handover = open(gateway);
    const text = 'x'.repeat(HANDOVER_LIMITS.maxRequestBytes / 4);
    for (let n = 0; n < 9; n++) handover.hand('kind', ada, { n, text });
    handover.hand('kind', ada, { n: 9, text: text.repeat(5) });
    await empty(handover);
    expect(gateway.data).toEqual([...Array(10).keys()]);
    for (const events of gateway.requests.slice(0, -1))
      expect(JSON.stringify(events).length).toBeLessThan(HANDOVER_LIMITS.maxRequestBytes * 1.1);
  });

  it('are given a last chance at the end, and no longer', async () => {
    const gateway = new Gateway();
    const handover = open(gateway);
    handover.hand('kind', ada, { n: 1 });
    await handover.close(5_000);
    expect(gateway.data).toEqual([1]);
    gateway.isAway = true;
    const late = open(gateway);
    late.hand('kind', ada, { n: 2 });
    const begunMs = performance.now();
    await late.close(50);
    expect(performance.now() - begunMs).toBeLessThan(5_000);
    expect(late.pending).toBe(1);
  });
});

describe('what a gateway is handed', () => {
  const event = { id: 'a', subject: 'kind', tenantId: ada, atMs: 1, data: {} };
  const take = (handed: HandOver, taken: (event: HandedEvent) => boolean, faults: string[] = []) =>
    takeHandedEvents(handed, taken, (places) => faults.push(places));

  it('need not come again when it can never be read', async () => {
    const faults: string[] = [];
    const events = [{ ...event, id: 'bad', tenantId: 'x' }, 7, event];
    expect(await take({ events }, () => true, faults)).toEqual({ done: ['bad', 'a'] });
    expect(faults).toEqual(['tenantId', '']);
  });

  it('comes again from where the database went away', async () => {
    const events = ['a', 'b', 'c'].map((id) => ({ ...event, id }));
    const answer = await take({ events }, ({ id }) => {
      if (id === 'b') throw new Error('away');
      return true;
    });
    expect(answer).toEqual({ done: ['a'] });
  });
});
