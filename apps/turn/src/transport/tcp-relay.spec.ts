// RFC 6062 over real sockets.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import {
  ConnectionId,
  StunMethod,
  TransportProtocol,
  XorPeerAddress,
  XorRelayedAddress,
} from '@millrace/protocol/stun';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf, peerAt, startTurn, tcpLink, TurnClient, udpLink } from '../testing/index.ts';
import type { RunningTurn, TestUser } from '../testing/index.ts';

let turn: RunningTurn;
let echo: Server;
let echoPort: number;

beforeAll(async () => {
  echo = await listening();
  echoPort = portOf(echo);
  // Of this machine only ports of relays are peers: the echo is where a relay could be.
  turn = await startTurn({
    turnTcpRelays: true,
    turnTcpAllowedPeers: ['127.0.0.0/8'],
    turnConnectMs: 1_000,
    turnMaxPeerConnections: 3,
    turnRelayPortMin: echoPort - 500,
    turnRelayPortMax: Math.min(65_535, echoPort + 500),
  });
});
afterAll(async () => {
  echo.close();
  await turn.stop();
});

async function listening(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function controlled(user: TestUser = turn.control.user()) {
  const client = new TurnClient(await tcpLink('127.0.0.1', turn.ports.tcp), user);
  const answer = await client.allocate(undefined, TransportProtocol.tcp);
  return { user, client, relayed: answer.get(XorRelayedAddress)! };
}

/** A second connection of the same user, joined to a peer's: from then on bytes. */
async function joined(user: TestUser, id: number) {
  const socket = connect(turn.ports.tcp, '127.0.0.1');
  await once(socket, 'connect');
  const link = await tcpLinkOver(socket);
  const client = new TurnClient(link, user);
  const answer = await client.connectionBind(id);
  return { socket, answer, client };
}

/** Bytes come to the client as messages only until it is joined. */
async function tcpLinkOver(socket: Socket) {
  const link = {
    transport: 'tcp' as const,
    address: socket.localAddress!,
    port: socket.localPort!,
    onMessage: (_bytes: Buffer): void => undefined,
    closed: once(socket, 'close').then(() => undefined),
    send: (bytes: Uint8Array) => void socket.write(bytes),
    close: () => socket.destroy(),
  };
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => link.onMessage(bytes));
  return Promise.resolve(link);
}

const gauge = async (name: string): Promise<number> =>
  Number(new RegExp(`^millrace_turn_${name} (\\d+)$`, 'm').exec(await turn.metrics.text())?.[1]);

describe('Connect', () => {
  it('makes a connection from the relayed address, through which bytes go both ways in order', async () => {
    const { user, client, relayed } = await controlled();
    const seen = once(echo, 'connection') as Promise<[Socket]>;
    const answer = await client.connect(peerAt('127.0.0.1', echoPort));
    expect(errorOf(answer)).toBe(0);
    expect((await seen)[0].remotePort).toBe(relayed.port);
    const { socket, answer: bound } = await joined(user, answer.get(ConnectionId)!);
    expect(errorOf(bound)).toBe(0);

    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) & 255));
    const received: Buffer[] = [];
    socket.removeAllListeners('data').on('data', (bytes: Buffer) => received.push(bytes));
    socket.write(sent);
    await expect.poll(() => Buffer.concat(received).length, { timeout: 15_000 }).toBe(sent.length);
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    const carried = { tenantId: user.tenantId, kind: 'relay_bytes', amount: 2 * sent.length };
    expect(turn.usage.collect()).toContainEqual(expect.objectContaining(carried));
    expect(await gauge('peer_connections')).toBe(1);
    socket.destroy();
    await expect.poll(() => gauge('peer_connections')).toBe(0);
    client.close();
  });

  it('refuses what it must: peers that are denied, a second time the same, none that listens, more than there may be', async () => {
    const { client } = await controlled();
    const code = async (address: string, port: number) => errorOf(await client.connect(peerAt(address, port)));
    expect(await code('10.0.0.1', 80)).toBe(403);
    expect(await code('127.0.0.1', turn.ports.tcp)).toBe(403);
    expect(await code('::1', echoPort)).toBe(443);
    expect(await code('127.0.0.1', 0)).toBe(400);
    expect(await code('127.0.0.1', echoPort)).toBe(0);
    expect(await code('127.0.0.1', echoPort)).toBe(446);
    expect(await code('127.0.0.1', 9)).toBe(403);
    expect(await code('127.0.0.1', echoPort - 500)).toBe(447);
    expect(await code('127.0.0.2', echoPort - 500)).toBe(447);
    expect(errorOf(await client.bind(0x4001, peerAt('127.0.0.1', echoPort)))).toBe(400);
    client.close();
    await expect.poll(() => gauge('peer_connections')).toBe(0);
    expect(await gauge('allocations')).toBe(0);
  });

  it('is for allocations of TCP, which are for connections', async () => {
    const user = turn.control.user();
    const overUdp = new TurnClient(await udpLink('127.0.0.1', turn.ports.udp), user);
    expect(errorOf(await overUdp.allocate(undefined, TransportProtocol.tcp))).toBe(400);
    await overUdp.relay();
    expect(errorOf(await overUdp.connect(peerAt('127.0.0.1', echoPort)))).toBe(400);
    overUdp.close();
  });
});

describe('a machine whose network is opened for datagrams', () => {
  const others: RunningTurn[] = [];
  afterAll(() => Promise.all(others.map((each) => each.stop())));
  const start = async (settings: Parameters<typeof startTurn>[0]) => {
    const other = await startTurn(settings);
    others.push(other);
    return new TurnClient(await tcpLink('127.0.0.1', other.ports.tcp), other.control.user());
  };

  it('makes no connections at all by default', async () => {
    const client = await start({});
    expect(errorOf(await client.allocate(undefined, TransportProtocol.tcp))).toBe(442);
    client.close();
  });

  it('makes none to it or to its own services when they are turned on', async () => {
    const http = await listening();
    const client = await start({ turnTcpRelays: true, turnAllowedPeers: ['127.0.0.0/8', '10.0.0.0/8'] });
    await client.allocate(undefined, TransportProtocol.tcp);
    expect(errorOf(await client.connect(peerAt('127.0.0.1', portOf(http))))).toBe(403);
    expect(errorOf(await client.connect(peerAt('10.0.0.7', 80)))).toBe(403);
    expect(errorOf(await client.permit('10.0.0.7'))).toBe(403);
    client.close();
    http.close();
  });

  it('makes none to its own services where its address is opened for connections too', async () => {
    const http = await listening();
    const range = { turnRelayPortMin: portOf(http) + 1, turnRelayPortMax: portOf(http) + 50 };
    const client = await start({ turnTcpRelays: true, turnTcpAllowedPeers: ['127.0.0.0/8'], ...range });
    await client.allocate(undefined, TransportProtocol.tcp);
    expect(errorOf(await client.connect(peerAt('127.0.0.1', portOf(http))))).toBe(403);
    client.close();
    http.close();
  });
});

describe('ConnectionBind', () => {
  it('is refused with an id that is made up, of another user, or used already', async () => {
    const { user, client } = await controlled();
    const id = (await client.connect(peerAt('127.0.0.1', echoPort))).get(ConnectionId)!;
    const stranger = await joined(turn.control.user('mallory'), id);
    expect(errorOf(stranger.answer)).toBe(400);
    expect(errorOf(await stranger.client.connectionBind((id + 1) >>> 0))).toBe(400);
    expect(errorOf(await stranger.client.request(StunMethod.connectionBind))).toBe(400);
    const first = await joined(user, id);
    expect(errorOf(first.answer)).toBe(0);
    const second = await joined(user, id);
    expect(errorOf(second.answer)).toBe(400);
    for (const each of [stranger, first, second]) each.socket.destroy();
    client.close();
  });
});

describe('a peer that connects', () => {
  it('is told of when it is permitted, and cut when it is not', async () => {
    const { user, client, relayed } = await controlled();
    const early = connect(relayed.port, '127.0.0.1');
    await once(early, 'close');
    expect(errorOf(await client.permit('127.0.0.1'))).toBe(0);
    const peer = connect(relayed.port, '127.0.0.1');
    await expect.poll(() => client.received.length).toBe(1);
    const [attempt] = client.received;
    if (attempt?.kind !== 'indication') throw new Error('no indication');
    expect(attempt.message.method).toBe(StunMethod.connectionAttempt);
    expect(attempt.message.get(XorPeerAddress)?.port).toBe(peer.localPort);
    // What the peer sends before the client has bound the connection waits for it.
    peer.write('early words');
    const { socket } = await joined(user, attempt.message.get(ConnectionId)!);
    const words = new Promise<string>((resolve) =>
      socket.removeAllListeners('data').once('data', (b) => resolve(String(b))),
    );
    expect(await words).toBe('early words');
    // With the allocation all of its connections end.
    await client.refresh(0);
    await Promise.all([once(peer, 'close'), once(socket, 'close')]);
    client.close();
  });
});
