// Two threads on one port: clients are spread, what is counted together is counted over both.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  AlternateServer,
  EvenPort,
  RequestedTransport,
  ReservationToken,
  StunMethod,
  XorRelayedAddress,
} from '@millrace/protocol/stun';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf, GENEROUS_LIMITS, peerAt, startTurn, tcpLink, TurnClient, udpLink } from '../testing/index.ts';
import type { RunningTurn, TestUser } from '../testing/index.ts';
import { freeUdpPort } from '../testing/free-udp-port.ts';

const CLIENTS = 24;

describe.runIf(process.platform === 'linux')('two threads', () => {
  let turn: RunningTurn;
  beforeAll(async () => {
    // All clients are of one address here.
    const answers = { turnAnswersPerSecond: 10_000, turnAnswersBurst: 10_000 };
    turn = await startTurn({
      turnThreads: 2,
      turnPort: await freeUdpPort(),
      turnHosts: ['127.0.0.1'],
      turnUdpBatches: true,
      turnUdpBatchesFrom: 0,
      ...answers,
    });
  });
  afterAll(() => turn.stop());

  const client = async (user: TestUser): Promise<TurnClient> =>
    new TurnClient(await udpLink('127.0.0.1', turn.ports.udp), user);
  const gauge = async (name: string): Promise<number> =>
    Number(new RegExp(`^millrace_turn_${name} (\\d+)$`, 'm').exec(await turn.metrics.text())?.[1]);

  it('say once whether many datagrams go in one system call', async () => {
    const said = (lines: readonly string[]): boolean[] =>
      lines.flatMap((line) => (JSON.parse(line) as { readonly udp_batches?: boolean }).udp_batches ?? []);
    expect(said(turn.logged)).toEqual([true]);
    const other = await startTurn();
    expect(said(other.logged)).toEqual([false]);
    await other.stop();
  });

  it('both have clients, whose data goes both ways; a revocation reaches both', async () => {
    const user = turn.control.user('spread');
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => client(user)));
    const relays = await Promise.all(clients.map((each) => each.relay()));
    expect(new Set(relays.map(({ port }) => port)).size).toBe(CLIENTS);
    expect(await gauge('allocations')).toBe(CLIENTS);

    const peer = createSocket('udp4').on('message', (bytes, from) => peer.send(bytes, from.port, from.address));
    peer.bind(0, '127.0.0.1');
    await once(peer, 'listening');
    const echo = peerAt('127.0.0.1', peer.address().port);
    await Promise.all(clients.map((each) => each.bind(0x4001, echo)));
    clients.forEach((each, i) => each.sendOn(0x4001, Buffer.from(`from ${i}`)));
    await expect.poll(() => clients.filter((each) => each.received.length === 1).length).toBe(CLIENTS);

    turn.service.revoke(user);
    await expect.poll(() => gauge('allocations')).toBe(0);
    // Threads count in memory that they share, and tell of usage by message: that comes later.
    const finals = (): string[] => turn.control.usage.filter((u) => u.final).map(({ allocation }) => allocation);
    await expect.poll(finals).toHaveLength(CLIENTS);
    expect([...new Set(finals().map((allocation) => allocation.split('-')[0]))].sort()).toEqual(['0', '1']);
    peer.close();
    for (const each of clients) each.close();
  });

  it('count for each tenant the bytes that the sockets of its clients and peers have received', async () => {
    const users = { slow: turn.control.user('slow'), other: turn.control.user('other') };
    turn.control.limits = { ...GENEROUS_LIMITS, maxBitsPerSecond: 1_000_000 };
    const talk = async (user: TestUser, packets: number) => {
      let atPeer = 0;
      const peer = createSocket('udp4').on('message', (bytes, from) => {
        atPeer += bytes.length;
        peer.send(bytes.subarray(0, 700), from.port, from.address);
      });
      peer.bind(0, '127.0.0.1');
      await once(peer, 'listening');
      const clients = await Promise.all(Array.from({ length: 8 }, () => client(user)));
      await Promise.all(clients.map((each) => each.relay()));
      await Promise.all(clients.map((each) => each.bind(0x4001, peerAt('127.0.0.1', peer.address().port))));
      for (let n = 0; n < packets; n++) for (const each of clients) each.sendOn(0x4001, Buffer.alloc(1_000, n));
      const atClients = () =>
        clients
          .flatMap(({ received }) => received)
          .reduce((sum, got) => sum + (got.kind === 'channel' ? got.data.length : 0), 0);
      const close = async () => {
        await Promise.all(clients.map((each) => each.refresh(0)));
        for (const each of [peer, ...clients]) each.close();
      };
      return { bytes: () => atPeer + atClients(), close };
    };
    // 31,250 bytes fit into a quarter of a second: most of what the first one sends is dropped, nothing of the other one.
    const [slow, other] = await Promise.all([talk(users.slow, 40), talk(users.other, 2)]);
    turn.control.limits = GENEROUS_LIMITS;
    const counted = ({ tenantId }: TestUser) =>
      turn.usage
        .collect()
        .filter((amount) => amount.tenantId === tenantId && amount.kind === 'relay_bytes')
        .reduce((sum, { amount }) => sum + amount, 0);
    await expect.poll(() => [other.bytes(), slow.bytes() > 30_000]).toEqual([16 * 1_700, true]);
    expect(counted(users.other)).toBe(16 * 1_700);
    await expect.poll(() => slow.bytes() - counted(users.slow)).toBe(0);
    expect(slow.bytes()).toBeLessThan(8 * 40 * 1_700);
    const readings = turn.usage.takeReadings().filter(({ tenantId }) => tenantId === users.slow.tenantId);
    expect(readings.find(({ quota }) => quota === 'relay_allocations')?.used).toBe(8);
    expect(readings.find(({ quota }) => quota === 'relay_bits_per_second')?.used).toBeGreaterThan(0);
    await Promise.all([slow.close(), other.close()]);
  });

  it('keep one quota together', async () => {
    turn.control.limits = { ...GENEROUS_LIMITS, maxAllocationsPerUser: 5 };
    const user = turn.control.user('few');
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => client(user)));
    const codes = await Promise.all(clients.map(async (each) => errorOf(await each.allocate())));
    expect(codes.filter((code) => code === 0)).toHaveLength(5);
    expect(codes.filter((code) => code === 486)).toHaveLength(CLIENTS - 5);
    await Promise.all(clients.filter((_, i) => codes[i] === 0).map((each) => each.refresh(0)));
    for (const each of clients) each.close();
    // Only what the quota of the tenant refuses is told to it.
    turn.control.limits = { ...GENEROUS_LIMITS, maxAllocations: 1 };
    const full = turn.control.user('full');
    const [first, second] = [await client(full), await client(full)];
    expect([errorOf(await first.allocate()), errorOf(await second.allocate())]).toEqual([0, 486]);
    const refusal = { tenantId: full.tenantId, kind: 'relay_refusals', amount: 1 };
    expect(turn.usage.collect()).toContainEqual(expect.objectContaining(refusal));
    expect(turn.usage.collect()).not.toContainEqual(
      expect.objectContaining({ tenantId: user.tenantId, kind: 'relay_refusals' }),
    );
    await first.refresh(0);
    turn.control.limits = GENEROUS_LIMITS;
    for (const each of [first, second]) each.close();
  });

  it('find a port that the other one has reserved', async () => {
    const user = turn.control.user('pairs');
    const ports = await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        const first = await client(user);
        const even = await first.allocate((builder) => builder.add(EvenPort, { reserveNext: true }));
        const second = await client(user);
        const token = even.get(ReservationToken)!;
        const odd = await second.allocate((builder) => builder.add(ReservationToken, token));
        expect([even, odd].map(errorOf)).toEqual([0, 0]);
        const found = [even, odd].map((answer) => answer.get(XorRelayedAddress)!.port) as [number, number];
        for (const each of [first, second]) {
          await each.refresh(0);
          each.close();
        }
        return found;
      }),
    );
    for (const [even, odd] of ports) expect(odd).toBe(even + 1);
    await expect.poll(() => gauge('relay_ports{state="taken"}'.replace(/[{}]/g, '\\$&'))).toBe(0);
  });

  it('relay no TCP: a client’s second connection may reach the other one', async () => {
    const overTcp = new TurnClient(await tcpLink('127.0.0.1', turn.ports.tcp), turn.control.user());
    const answer = await overTcp.request(StunMethod.allocate, (builder) => builder.add(RequestedTransport, 6));
    expect(errorOf(answer)).toBe(442);
    overTcp.close();
  });
});

it.runIf(process.platform === 'linux')('two threads both know which alternate servers answer', async () => {
  const other = await startTurn({ turnHosts: ['127.0.0.1'] });
  const turn = await startTurn({
    turnThreads: 2,
    turnPort: await freeUdpPort(),
    turnHosts: ['127.0.0.1'],
    turnAlternateProbeMs: 100,
    turnAlternateServers: [`127.0.0.1:${await freeUdpPort()}`, `127.0.0.1:${other.ports.udp}`],
  });
  await expect.poll(() => turn.metrics.text()).toContain('turn_alternate_servers{state="unhealthy"} 1');
  turn.service.leave();
  const sentTo = async (): Promise<number | undefined> => {
    const client = new TurnClient(await udpLink('127.0.0.1', turn.ports.udp), turn.control.user());
    const answer = await client.allocate();
    client.close();
    return answer.get(AlternateServer)?.port;
  };
  const ports = await Promise.all(Array.from({ length: CLIENTS }, sentTo));
  expect(new Set(ports)).toEqual(new Set([other.ports.udp]));
  await Promise.all([turn.stop(), other.stop()]);
});
