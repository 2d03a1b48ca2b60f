// The whole server on real sockets.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { MessageBuilder, RequestedTransport, StunClass, StunMethod } from '@millrace/protocol/stun';
import { afterEach, describe, expect, it } from 'vitest';
import { errorOf, peerAt, slowTcpLink, startTurn, tcpLink, TurnClient, udpLink } from './testing/index.ts';
import type { RunningTurn } from './testing/index.ts';
import type { TurnSettings } from './settings.ts';

const LONG = { timeout: 15_000 };
let turn: RunningTurn | undefined;
afterEach(() => turn?.stop());

const start = async (settings: Partial<TurnSettings> = {}): Promise<RunningTurn> => {
  turn = await startTurn(settings);
  return turn;
};
const gauge = async (name: string): Promise<number> => {
  const found = new RegExp(`^millrace_turn_${name.replaceAll(/[{}"]/g, '\\$&')} (\\d+)$`, 'm');
  return Number(found.exec(await turn!.metrics.text())?.[1]);
};
const udpClient = async (user = turn!.control.user()): Promise<TurnClient> =>
  new TurnClient(await udpLink('127.0.0.1', turn!.ports.udp), user);

describe('two clients of one server', () => {
  it.each(['127.0.0.1', '::1'])('meet at their relays: %s', async (host) => {
    const { ports, control } = await start();
    const family = host.includes(':') ? 'IPv6' : 'IPv4';
    const clients = [1, 2].map(async () => new TurnClient(await udpLink(host, ports.udp), control.user()));
    const [a, b] = (await Promise.all(clients)) as [TurnClient, TurnClient];
    const [atA, atB] = [await a.relay(family), await b.relay(family)];
    expect(errorOf(await a.bind(0x4001, atB))).toBe(0);
    expect(errorOf(await b.bind(0x4002, atA))).toBe(0);
    a.sendOn(0x4001, Buffer.from('to b'));
    await expect.poll(() => b.received.length).toBe(1);
    expect(b.received[0]).toMatchObject({ kind: 'channel', channel: 0x4002 });
    a.close();
    b.close();
  });

  it('meet inside it when their relays are announced by a public address', async () => {
    const { control } = await start({
      turnHosts: ['0.0.0.0'],
      turnPublicAddresses: ['8.8.4.4'],
      turnAllowedPeers: [],
      turnOwnPeerPorts: [],
    });
    const [a, b] = [await udpClient(control.user()), await udpClient(control.user())];
    const [atA, atB] = [await a.relay(), await b.relay()];
    expect(atA.address).toBe('8.8.4.4');
    await a.bind(0x4001, atB);
    await b.bind(0x4002, atA);
    b.sendOn(0x4002, Buffer.from('to a'));
    await expect.poll(() => a.received.length).toBe(1);
    expect(a.received[0]).toMatchObject({ kind: 'channel', channel: 0x4001 });
    a.close();
    b.close();
  });
});

describe('an address of this machine that is opened', () => {
  it('opens the relays on it, and the ports that are named, and no other service', async () => {
    const service = createSocket('udp4');
    service.bind(0, '127.0.0.1');
    await once(service, 'listening');
    const { port } = service.address();
    const below = { turnRelayPortMin: port + 1, turnRelayPortMax: port + 50 };
    for (const [ports, code] of [
      [[], 403],
      [[{ first: port, last: port }], 0],
    ] as const) {
      await start({ turnAllowedPeers: ['127.0.0.0/8'], turnOwnPeerPorts: [...ports], ...below });
      const [client, other] = [await udpClient(), await udpClient()];
      await client.relay();
      expect(errorOf(await client.bind(0x4001, peerAt('127.0.0.1', port)))).toBe(code);
      expect(errorOf(await client.bind(0x4002, await other.relay()))).toBe(0);
      client.close();
      other.close();
      await turn?.stop();
    }
    service.close();
  });
});

describe('allocations over real sockets', () => {
  it('leave nothing behind: five hundred made and dropped', async () => {
    await start({ turnAnswersBurst: 10_000, turnAnswersPerSecond: 10_000 });
    const user = turn!.control.user();
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all(Array.from({ length: 50 }, () => udpClient(user)));
      await Promise.all(clients.map((client) => client.relay()));
      expect(await gauge('allocations')).toBe(50);
      await Promise.all(clients.map((client) => client.refresh(0)));
      for (const client of clients) client.close();
    }
    expect(await gauge('allocations')).toBe(0);
    expect(await gauge('relay_ports{state="taken"}')).toBe(0);
    expect(turn!.control.usage.filter(({ final }) => final)).toHaveLength(500);
  }, 60_000);

  it('end with the TCP connection that has them', async () => {
    await start();
    const client = new TurnClient(await tcpLink('127.0.0.1', turn!.ports.tcp), turn!.control.user());
    await client.relay();
    expect(await gauge('allocations')).toBe(1);
    client.close();
    await expect.poll(() => gauge('allocations'), LONG).toBe(0);
  });

  it('end when their credential is revoked', async () => {
    await start();
    const user = turn!.control.user();
    const client = await udpClient(user);
    await client.relay();
    turn!.control.revoked.add(user.subject);
    turn!.service.revoke(user);
    expect(await gauge('allocations')).toBe(0);
    expect(errorOf(await client.refresh(600))).toBe(401);
    client.close();
  });
});

describe('connections', () => {
  const bytesUntilClosed = async (bytes: string | Buffer): Promise<number> => {
    const socket = connect(turn!.ports.tcp, '127.0.0.1');
    await once(socket, 'connect');
    const since = performance.now();
    socket.on('error', () => undefined).write(bytes);
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    return performance.now() - since;
  };

  it.each([
    ['a TLS hello', Buffer.from('16030100a5010000a10303', 'hex')],
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a megabyte of noise', Buffer.alloc(1_000_000, 0xee)],
    ['ChannelData without an allocation', Buffer.from('40010004aabbccdd', 'hex')],
    ['the header of a long message', Buffer.from('0003fffc2112a442', 'hex')],
  ])('are closed at once on %s', async (_, bytes) => {
    await start({ turnTcpIdleMs: 60_000 });
    expect(await bytesUntilClosed(bytes)).toBeLessThan(5_000);
  });

  it.each([
    ['nothing comes', ''],
    ['a header comes and nothing more', Buffer.from('000300082112a4420102030405060708090a0b0c', 'hex')],
  ])('are closed when %s for as long as they may be without an allocation', async (_, bytes) => {
    await start({ turnTcpIdleMs: 300 });
    expect(await bytesUntilClosed(bytes)).toBeGreaterThan(250);
  });

  it('stay with an allocation, and are read byte by byte as well', async () => {
    await start({ turnTcpIdleMs: 300 });
    const link = await tcpLink('127.0.0.1', turn!.ports.tcp);
    const { send } = link;
    link.send = (bytes) => bytes.forEach((byte) => send(Uint8Array.of(byte)));
    const client = new TurnClient(link, turn!.control.user());
    await client.relay();
    const peer = createSocket('udp4');
    peer.bind(0, '127.0.0.1');
    await once(peer, 'listening');
    await client.bind(0x4001, peerAt('127.0.0.1', peer.address().port));
    const idle = await tcpLink('127.0.0.1', turn!.ports.tcp);
    await idle.closed;
    const heard = once(peer, 'message') as Promise<[Buffer]>;
    client.sendOn(0x4001, Buffer.from('odd'));
    expect(String((await heard)[0])).toBe('odd');
    peer.close();
    client.close();
  });

  it('are bounded in number, and from one address', async () => {
    await start({ turnMaxConnectionsPerAddress: 2 });
    const open = [await tcpLink('127.0.0.1', turn!.ports.tcp), await tcpLink('127.0.0.1', turn!.ports.tcp)];
    const third = await tcpLink('127.0.0.1', turn!.ports.tcp);
    await third.closed;
    expect(await gauge('limits_met_total{limit="max_connections_per_address"}')).toBe(1);
    for (const each of open) each.close();
  });

  it('keep what they relay to a slow line young: the oldest goes first, in whole messages and in order', async () => {
    await start();
    const link = await slowTcpLink('127.0.0.1', turn!.ports.tcp);
    const client = new TurnClient(link, turn!.control.user());
    const relay = await client.relay();
    const peer = createSocket('udp4');
    peer.bind(0, '127.0.0.1');
    await once(peer, 'listening');
    await client.bind(0x4001, peerAt('127.0.0.1', peer.address().port));
    link.slowDown(125_000);
    // Twice as much as the line takes, for long enough to be seconds behind.
    const SENT_FOR_MS = 4_000;
    const since = performance.now();
    let sent = 0;
    const sender = setInterval(() => {
      for (; sent < (performance.now() - since) / 4; sent++) {
        const packet = Buffer.alloc(1_000, sent & 0xff);
        packet.writeDoubleBE(performance.now());
        packet.writeUInt32BE(sent, 8);
        peer.send(packet, relay.port, relay.address);
      }
    }, 4);
    const heard: { numbers: number[]; delays: number[] } = { numbers: [], delays: [] };
    const { onMessage } = link;
    link.onMessage = (bytes) => {
      if (bytes.readUInt16BE(0) !== 0x4001) return onMessage(bytes);
      const data = bytes.subarray(4, 1_004);
      const number = data.readUInt32BE(8);
      expect(data.subarray(12).every((byte) => byte === (number & 0xff))).toBe(true);
      heard.numbers.push(number);
      if (performance.now() - since > SENT_FOR_MS - 1_000) heard.delays.push(performance.now() - data.readDoubleBE(0));
    };
    await expect.poll(() => performance.now() - since, LONG).toBeGreaterThan(SENT_FOR_MS);
    clearInterval(sender);
    expect(heard.numbers).toEqual(heard.numbers.toSorted((a, b) => a - b));
    expect(heard.delays.toSorted((a, b) => a - b)[heard.delays.length >> 1]).toBeLessThan(1_500);
    expect(await gauge('limits_met_total{limit="max_unsent_ms"}')).toBeGreaterThan(100);
    expect(errorOf(await client.refresh(600))).toBe(0);
    peer.close();
    client.close();
  });

  it('drop data for a client that does not read, and go on when it does', async () => {
    await start({ turnMaxUnsentBytes: 65_536, turnMaxUnsentMs: 60_000 });
    const link = await tcpLink('127.0.0.1', turn!.ports.tcp);
    const client = new TurnClient(link, turn!.control.user());
    const relay = await client.relay();
    await client.permit('127.0.0.1');
    const peer = createSocket('udp4');
    link.pause?.();
    const blast = setInterval(() => {
      for (let i = 0; i < 200; i++) peer.send(Buffer.alloc(8_000), relay.port, relay.address);
    }, 5);
    await expect.poll(() => gauge('limits_met_total{limit="max_unsent_bytes"}'), LONG).toBeGreaterThan(10);
    clearInterval(blast);
    link.resume?.();
    expect(errorOf(await client.refresh(600))).toBe(0);
    peer.close();
    client.close();
  });
});

describe('TLS', () => {
  it('takes a new certificate without a pause', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-turn-tls-'));
    const make = (name: string): void => {
      const [key, cert] = [join(folder, `${name}.new.key`), join(folder, `${name}.new.crt`)];
      const args = ['-subj', `/CN=${name}`, '-days', '2', '-keyout', key, '-out', cert];
      execFileSync('openssl', [...'req -x509 -newkey rsa:2048 -nodes'.split(' '), ...args], { stdio: 'ignore' });
      renameSync(key, join(folder, 'key.pem'));
      renameSync(cert, join(folder, 'cert.pem'));
    };
    make('first');
    const files = { turnTlsCertFile: join(folder, 'cert.pem'), turnTlsKeyFile: join(folder, 'key.pem') };
    await start({ ...files, turnTlsReloadMs: 50 });
    const name = async (): Promise<string> => {
      const socket = connectTls({ port: turn!.ports.tls!, host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return String(subject.CN);
    };
    expect(await name()).toBe('first');
    make('second');
    await expect.poll(name, LONG).toBe('second');
    rmSync(folder, { recursive: true });
  });

  it('needs both files', async () => {
    await expect(startTurn({ turnTlsCertFile: '/nowhere' })).rejects.toThrow('MILLRACE_TURN_TLS_KEY_FILE');
  });
});

describe('a realm that would leave clients without an answer over UDP', () => {
  it('is refused at the start, with what fits', async () => {
    await expect(startTurn({ turnRealm: 'r'.repeat(37) })).rejects.toThrow(/MILLRACE_TURN_REALM: at most 36 .* not 37/);
    await expect(startTurn({ turnMaxAmplification: 1 })).rejects.toThrow(
      /no realm fits.*MILLRACE_TURN_MAX_AMPLIFICATION/,
    );
    await start({ turnRealm: 'r'.repeat(36) });
    const client = await udpClient();
    await client.relay();
    client.close();
  });
});

describe('a crowd behind one address', () => {
  it('is served at once: 400 users with names of their own', async () => {
    await start();
    const crowd = Array.from({ length: 400 }, (_, i) => udpClient(turn!.control.user(`user${i}`)));
    const clients = await Promise.all(crowd);
    const since = performance.now();
    await Promise.all(clients.map((client) => client.relay()));
    expect(performance.now() - since).toBeLessThan(5_000);
    expect(await gauge('allocations')).toBe(400);
    expect(await gauge('limits_met_total{limit="answers_per_second"}')).toBe(0);
    for (const client of clients) client.close();
  });

  it('has more connections than one address may have without an allocation', async () => {
    await start({ turnMaxConnectionsPerAddress: 2 });
    const clients: TurnClient[] = [];
    for (let i = 0; i < 6; i++) {
      const client = new TurnClient(await tcpLink('127.0.0.1', turn!.ports.tcp), turn!.control.user(`user${i}`));
      await client.relay();
      clients.push(client);
    }
    expect(await gauge('allocations')).toBe(6);
    for (const client of clients) client.close();
    await expect.poll(() => gauge('connections{transport="tcp"}'), LONG).toBe(0);
  });
});

describe('the range of relay ports', () => {
  it('is refused when it ends before it begins', async () => {
    const range = { turnRelayPortMin: 50_001, turnRelayPortMax: 50_000 };
    await expect(startTurn(range)).rejects.toThrow('MILLRACE_TURN_RELAY_PORT_MAX');
  });
});

describe('a stop', () => {
  it('waits for the allocations that there are, sends new ones elsewhere, and closes everything', async () => {
    await start({ turnDrainMs: 60_000, turnAlternateServers: ['127.0.0.9:3478'] });
    const [old, late] = [await udpClient(), await udpClient()];
    await old.relay();
    turn!.service.leave();
    const drained = turn!.stop();
    expect(errorOf(await late.allocate())).toBe(300);
    expect(errorOf(await old.refresh(600))).toBe(0);
    expect(errorOf(await old.refresh(0))).toBe(0);
    await drained;
    const socket = createSocket('udp4');
    socket.bind(turn!.ports.udp, '127.0.0.1');
    await once(socket, 'listening');
    socket.close();
    old.close();
    late.close();
  });
});

describe('an unauthenticated flood', () => {
  it('costs no memory and no allocations, and does not stop who has one', async () => {
    await start();
    const client = await udpClient();
    await client.relay();
    const flood = createSocket('udp4');
    const heapMiB = (): number => {
      globalThis.gc?.();
      return (process.memoryUsage().heapUsed + process.memoryUsage().external) / 2 ** 20;
    };
    const before = heapMiB();
    for (let i = 0; i < 20_000; i++) {
      const request = new MessageBuilder(StunClass.request, StunMethod.allocate).add(RequestedTransport, 17);
      flood.send(request.build(), turn!.ports.udp, '127.0.0.1');
      if (i % 200 === 199) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(errorOf(await client.refresh(600))).toBe(0);
    expect(await gauge('allocations')).toBe(1);
    expect(await gauge('limits_met_total{limit="answers_per_second"}')).toBeGreaterThan(1_000);
    expect(heapMiB() - before).toBeLessThan(64);
    flood.close();
    client.close();
  });
});
