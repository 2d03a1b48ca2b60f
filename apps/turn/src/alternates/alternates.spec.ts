// Which servers a draining one sends new clients to: real servers, which come, drain and go.
import { createSocket } from 'node:dgram';
import type { RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import {
  decodeMessage,
  AlternateServer,
  MessageBuilder,
  Software,
  StunClass,
  StunMethod,
} from '@millrace/protocol/stun';
import type { StunMessage } from '@millrace/protocol/stun';
import { afterEach, describe, expect, it } from 'vitest';
import { turnSettings } from '../settings.ts';
import type { TurnSettings } from '../settings.ts';
import { udpLink } from '../testing/client-link.ts';
import { startTurn } from '../testing/start-turn.ts';
import type { RunningTurn } from '../testing/start-turn.ts';
import { errorOf, peerAt, TurnClient } from '../testing/turn-client.ts';
import { AlternateHealth, DRAINING_SOFTWARE, usableServers } from './alternate-health.ts';
import { AlternateServers } from './alternate-servers.ts';

const PROBE_MS = 100;
const LONG = { timeout: 15_000, interval: 20 };
const HELD = { turnDrainMs: 60_000 };

const running: RunningTurn[] = [];
const clients: { client: TurnClient; giveUp: () => void }[] = [];
afterEach(async () => {
  for (const { client, giveUp } of clients.splice(0)) {
    giveUp();
    client.close();
  }
  await Promise.all(running.splice(0).map((turn) => turn.stop()));
});

const start = async (overrides: Partial<TurnSettings> = {}): Promise<RunningTurn> => {
  const turn = await startTurn({ turnHosts: ['127.0.0.1'], turnAlternateProbeMs: PROBE_MS, ...overrides });
  running.push(turn);
  return turn;
};
/** Starts one that is told its own address: on a port that was free a moment ago, of UDP and of TCP, and may be taken since. */
async function startOnKnownPort(alternatesAt: (port: number) => string[]): Promise<RunningTurn> {
  for (let attempt = 1; ; attempt++) {
    const free = createSocket('udp4').bind(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address();
    free.close();
    await once(free, 'close');
    try {
      return await start({ turnPort: port, turnAlternateServers: alternatesAt(port) });
    } catch (error) {
      if (attempt === 20 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}
const clientOf = async ({ ports, control, service }: RunningTurn): Promise<TurnClient> => {
  const user = control.user();
  const client = new TurnClient(await udpLink('127.0.0.1', ports.udp), user);
  clients.push({ client, giveUp: () => service.revoke(user) });
  return client;
};
const at = ({ ports }: RunningTurn): string => `127.0.0.1:${ports.udp}`;
/** Keeps a server that drains from ending. */
const hold = async (turn: RunningTurn): Promise<TurnClient> => {
  const client = await clientOf(turn);
  await client.relay();
  return client;
};

/** A server that drains, with these alternates; and where it sends the next client: a port, or an error code. */
async function draining(alternates: readonly string[]): Promise<{ turn: RunningTurn; next: () => Promise<number> }> {
  const turn = await start({ ...HELD, turnAlternateServers: [...alternates] });
  await hold(turn);
  turn.service.leave();
  const client = await clientOf(turn);
  const next = async (): Promise<number> => {
    const answer = await client.allocate();
    return answer.get(AlternateServer)?.port ?? errorOf(answer);
  };
  return { turn, next };
}

/** Where so many clients were sent, each once. */
const destinations = async (next: () => Promise<number>, count: number): Promise<number[]> => {
  const seen = new Set<number>();
  for (let i = 0; i < count; i++) seen.add(await next());
  return [...seen].sort((a, b) => a - b);
};

describe('a draining server', () => {
  it('sends clients to those that answer, in turn', async () => {
    const [b, c] = [await start(), await start()];
    const both = [b.ports.udp, c.ports.udp].sort((one, other) => one - other);
    const { turn, next } = await draining([at(b), at(c)]);
    expect(await destinations(next, 4)).toEqual(both);
    await b.stop();
    await expect.poll(() => destinations(next, 4), LONG).toEqual([c.ports.udp]);
    expect(await turn.metrics.text()).toContain('turn_alternate_servers{state="unhealthy"} 1');
    await start({ turnPort: b.ports.udp });
    await expect.poll(() => destinations(next, 4), LONG).toEqual(both);
  });

  it('sends them to one that drains itself when no other answers, and to none that does not answer', async () => {
    const [b, c] = [await start(), await start(HELD)];
    const { turn, next } = await draining([at(c), at(b)]);
    const held = await hold(c);
    c.service.leave();
    await expect.poll(() => destinations(next, 4), LONG).toEqual([b.ports.udp]);
    expect(await turn.metrics.text()).toContain('turn_alternate_servers{state="draining"} 1');
    await b.stop();
    await expect.poll(() => destinations(next, 4), LONG).toEqual([c.ports.udp]);
    await held.refresh(0);
    await c.stop();
    // RFC 8489 section 10: a 300 must name a server.
    await expect.poll(() => destinations(next, 4), LONG).toEqual([508]);
  });

  it('does not send them to itself: one list may be set for all servers', async () => {
    const b = await start();
    const turn = await startOnKnownPort((port) => [`127.0.0.1:${port}`, at(b)]);
    turn.service.leave();
    const client = await clientOf(turn);
    const next = async (): Promise<number> => (await client.allocate()).get(AlternateServer)?.port ?? 0;
    expect(await destinations(next, 4)).toEqual([b.ports.udp]);
  });
});

describe('answers to probes', () => {
  it('count only with the transaction id of the request', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    let reply: (request: StunMessage) => Buffer[] = () => [];
    socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
      for (const answer of reply(decodeMessage(bytes))) socket.send(answer, from.port, from.address);
    });
    const other = new MessageBuilder(StunClass.success, StunMethod.binding);
    reply = () => [other.build(), Buffer.from('nonsense'), Buffer.alloc(0)];
    const turn = await start({ turnAlternateServers: [`127.0.0.1:${socket.address().port}`] });
    const metrics = (): Promise<string> => turn.metrics.text();
    await expect.poll(metrics, LONG).toContain('turn_alternate_servers{state="unhealthy"} 1');
    reply = (request) => [MessageBuilder.responseTo(request, StunClass.success).build()];
    await expect.poll(metrics, LONG).toContain('turn_alternate_servers{state="healthy"} 1');
    socket.close();
  });

  it('say that a server drains only to those that have a SOFTWARE themselves', async () => {
    const turn = await start(HELD);
    const client = await hold(turn);
    turn.service.leave();
    const ask = async (builder: MessageBuilder): Promise<string | undefined> =>
      (await client.exchange(builder.build())).get(Software);
    const binding = (): MessageBuilder => new MessageBuilder(StunClass.request, StunMethod.binding);
    expect(await ask(binding().add(Software, 'x'))).toBe(DRAINING_SOFTWARE);
    expect(await ask(binding())).toBeUndefined();
  });
});

describe('servers', () => {
  const servers = [peerAt('192.0.2.1', 1), peerAt('192.0.2.2', 2), peerAt('2001:db8::1', 3)];

  it('are named in turn, each family for itself', () => {
    const alternates = new AlternateServers(servers);
    const ports = (family: 'IPv4' | 'IPv6', count: number) =>
      Array.from({ length: count }, () => alternates.next(family)?.port);
    expect([ports('IPv4', 3), ports('IPv6', 2)]).toEqual([
      [1, 2, 1],
      [3, 3],
    ]);
    alternates.replace(servers.slice(1, 2));
    expect([ports('IPv4', 2), ports('IPv6', 1)]).toEqual([[2, 2], [undefined]]);
  });

  it('that drain are kept for a family that has no other', () => {
    const [a, b, six] = servers.map((server) => new AlternateHealth(server));
    const draining = new MessageBuilder(StunClass.success, StunMethod.binding).add(Software, DRAINING_SOFTWARE).build();
    for (const each of [a!, six!]) each.answered(decodeMessage(draining));
    expect(usableServers([a!, b!, six!])).toEqual([b!.server, six!.server]);
    for (let i = 0; i < 3; i++) six!.missed();
    expect(usableServers([a!, b!, six!])).toEqual([b!.server]);
  });

  it('are at most 32: each is asked again and again', () => {
    const list = (count: number): string => Array.from({ length: count }, (_, i) => `192.0.2.1:${i + 1}`).join(',');
    expect(turnSettings.parse({ MILLRACE_TURN_ALTERNATE_SERVER: list(32) }).turnAlternateServers).toHaveLength(32);
    expect(() => turnSettings.parse({ MILLRACE_TURN_ALTERNATE_SERVER: list(33) })).toThrow('at most 32');
  });
});
