import { newId } from '@millrace/domain';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestNatsServer } from '../testing/nats-server.ts';
import { describeRoomBusContract } from './room-bus.contract.ts';
import { createNatsRoomBus } from './room-bus.nats.ts';
import type { RoomNote } from './room-bus.ts';

const server = new TestNatsServer();
beforeAll(() => server.start());
afterAll(() => server.stop());

describeRoomBusContract('over NATS', () => createNatsRoomBus({ url: server.url }));

describe('a NATS that is not ours alone, or goes away', () => {
  const out: RoomNote = { kind: 'out', participantId: newId('par'), reason: 'removed', term: undefined };

  it('may say anything: what is no note is reported and dropped', async () => {
    const faults: unknown[] = [];
    const bus = await createNatsRoomBus({ url: server.url, observer: { failed: (error) => faults.push(error) } });
    const heard: RoomNote[] = [];
    await bus.listen('pod-a', (note) => heard.push(note));
    const stranger = await connect({ servers: server.url });
    for (const text of ['', '{', '{}', '{"kind":"news"}', '{"kind":"out","participantId":"par_>","reason":"left"}'])
      stranger.publish('millrace.rooms.pod.pod-a', text);
    stranger.publish('millrace.rooms.pod.pod-a', JSON.stringify(out));
    await vi.waitFor(() => expect(heard).toEqual([out]), 10_000);
    expect(faults).toHaveLength(5);
    await stranger.close();
    await bus.close();
  });

  it('goes on when it is back; nothing waits meanwhile', async () => {
    const nats = new TestNatsServer();
    await nats.start();
    const faults: unknown[] = [];
    const bus = await createNatsRoomBus({ url: nats.url, observer: { failed: (error) => faults.push(error) } });
    const heard: RoomNote[] = [];
    await bus.listen('pod-a', (note) => heard.push(note));
    await nats.stop();
    await vi.waitFor(() => expect(bus.isReady()).toBe(false), 10_000);
    bus.tell('pod-a', out);
    expect(faults).toHaveLength(1);
    await nats.start();
    await vi.waitFor(() => {
      bus.tell('pod-a', { ...out, reason: 'lost' });
      expect(heard.length).toBeGreaterThan(0);
    }, 10_000);
    expect(heard.every((note) => note.kind === 'out' && note.reason === 'lost')).toBe(true);
    await bus.close();
    await nats.stop();
  });
});
