// The peer matrix over real sockets: our server lets none in; Debian's coturn with its defaults lets some, so the matrix bites.
import type { ChildProcess } from 'node:child_process';
import {
  AdditionalAddressFamily,
  AddressFamily,
  RequestedAddressFamily,
  TransportProtocol,
} from '@millrace/protocol/stun';
import {
  DENIED_PEERS,
  errorOf,
  peerAt,
  PUBLIC_PEERS,
  startTurn,
  tcpLink,
  TurnClient,
  udpLink,
} from '@millrace/turn/testing';
import type { RunningTurn } from '@millrace/turn/testing';
import { freePorts } from '@millrace/tools/processes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTool } from './support/coturn.ts';
import { eventually } from './support/eventually.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

/** What an earlier look at coturn 4.6.1 found open; other releases may have closed some. */
const OPEN_IN_COTURN = [
  '169.254.169.254',
  '224.0.0.1',
  '255.255.255.255',
  '::ffff:127.0.0.1',
  '2002:7f00:1::1',
  'fe80::1',
];

const folder = temporaryFolder('turn-peers');
let turn: RunningTurn;
let coturn: ChildProcess;
let coturnPort = 0;

beforeAll(async () => {
  // Nothing is allowed: what holds is the default. Relays need not be reachable to be asked for.
  turn = await startTurn({
    turnAllowedPeers: [],
    turnTcpRelays: true,
    turnOwnPeerPorts: [],
    turnPublicAddresses: ['8.8.4.4', '2001:4860:4860::8844'],
  });
  [coturnPort = 0] = await freePorts(1);
  const options = [
    '-n',
    '-a',
    '-u',
    'user:pass',
    '-r',
    'realm',
    '-L',
    '127.0.0.1',
    '-L',
    '::1',
    '-p',
    String(coturnPort),
  ];
  const quiet = ['--no-tls', '--no-dtls', '--no-cli', '--log-file', 'stdout', '--pidfile', `${folder.path}/pid`];
  coturn = startTool('turnserver', [...options, ...quiet, '--userdb', `${folder.path}/db`]);
});
afterAll(async () => {
  coturn.kill();
  await turn.stop();
  folder.remove();
});

const isIpv6 = (address: string): boolean => address.includes(':');

/** Asks for each address by two doors. @returns those that were let in, by door */
async function letIn(
  client: TurnClient,
  addresses: readonly string[],
): Promise<Record<'permission' | 'channel', string[]>> {
  const open: Record<'permission' | 'channel', string[]> = { permission: [], channel: [] };
  for (const [i, address] of addresses.entries()) {
    if (errorOf(await client.permit(address)) === 0) open.permission.push(address);
    if (errorOf(await client.bind(0x4000 + i, peerAt(address, 80))) === 0) open.channel.push(address);
  }
  return open;
}

describe('our server', () => {
  it('lets none of them in by a permission or a channel, sends them nothing, and lets public ones in', async () => {
    const client = new TurnClient(await udpLink('127.0.0.1', turn.ports.udp), turn.control.user());
    await client.allocate((builder) => builder.add(AdditionalAddressFamily, AddressFamily.ipv6));
    expect(await letIn(client, DENIED_PEERS)).toEqual({ permission: [], channel: [] });
    for (const address of DENIED_PEERS) client.sendTo(peerAt(address, 80), Buffer.from('x'));
    const publicPeers = await letIn(client, PUBLIC_PEERS);
    expect(publicPeers).toEqual({ permission: PUBLIC_PEERS, channel: PUBLIC_PEERS });
    const metrics = await turn.metrics.text();
    expect(metrics).toContain('millrace_turn_relayed_packets_total{direction="sent"} 0');
    expect(metrics).toContain(`millrace_turn_dropped_total{reason="denied_peer"} ${2 * DENIED_PEERS.length}`);
    client.close();
  });

  it.each(['IPv4', 'IPv6'] as const)('connects to none of them over TCP, from %s', async (family) => {
    const client = new TurnClient(await tcpLink('127.0.0.1', turn.ports.tcp), turn.control.user());
    const number = family === 'IPv6' ? AddressFamily.ipv6 : AddressFamily.ipv4;
    const answer = await client.allocate((b) => b.add(RequestedAddressFamily, number), TransportProtocol.tcp);
    expect(errorOf(answer)).toBe(0);
    for (const address of DENIED_PEERS.filter((each) => isIpv6(each) === (family === 'IPv6')))
      expect(errorOf(await client.connect(peerAt(address, 80))), address).toBe(403);
    client.close();
  });
});

describe('Debian’s coturn with its defaults', () => {
  it('lets some of them in', async () => {
    const open = new Set<string>();
    for (const family of [AddressFamily.ipv4, AddressFamily.ipv6]) {
      const link = await udpLink('127.0.0.1', coturnPort);
      const client = new TurnClient(link, { username: 'user', password: 'pass' });
      const allocate = () => client.allocate((builder) => builder.add(RequestedAddressFamily, family));
      await eventually('coturn allocates', async () => errorOf(await allocate()) === 0, 10_000);
      const addresses = DENIED_PEERS.filter((each) => isIpv6(each) === (family === AddressFamily.ipv6));
      for (const address of addresses) if (errorOf(await client.permit(address)) === 0) open.add(address);
      client.close();
    }
    expect(open.size).toBeGreaterThanOrEqual(11);
    expect(OPEN_IN_COTURN.filter((address) => open.has(address)).length).toBeGreaterThan(0);
  });
});
