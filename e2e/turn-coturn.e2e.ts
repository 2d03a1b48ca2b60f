// coturn's own clients against our server: they know nothing of our code.
import { execFileSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { startTurn } from '@millrace/turn/testing';
import type { RunningTurn } from '@millrace/turn/testing';
import { freePorts } from '@millrace/tools/processes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool, startTool, uclient } from './support/coturn.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

/** Four clients at 50 packets a second each, 1000 bytes: what must arrive whole. */
const CLIENTS = 4;
const PACKETS = 100;
const LOAD = ['-m', String(CLIENTS), '-n', String(PACKETS), '-l', '1000', '-z', '20'];

const folder = temporaryFolder('turn-coturn');
const peers: ChildProcess[] = [];
let turn: RunningTurn;
let peerPort = 0;

beforeAll(async () => {
  const [certFile, keyFile] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', [...'req -x509 -newkey rsa:2048 -nodes'.split(' '), ...subject], { stdio: 'ignore' });
  [peerPort = 0] = await freePorts(1);
  turn = await startTurn({
    turnTlsCertFile: certFile,
    turnTlsKeyFile: keyFile,
    turnTcpRelays: true,
    turnTcpAllowedPeers: ['127.0.0.0/8'],
  });
  for (const host of ['127.0.0.1', '::1'])
    peers.push(startTool('turnutils_peer', ['-p', String(peerPort), '-L', host]));
});

afterAll(async () => {
  for (const peer of peers) peer.kill();
  await turn.stop();
  folder.remove();
});

const relay = async (options: readonly string[], port: number, family: 4 | 6 = 4) => {
  const host = family === 6 ? '::1' : '127.0.0.1';
  const { username, password } = turn.control.user();
  const access = ['-u', username, '-w', password, '-p', String(port)];
  return uclient([...access, ...options, '-e', host, '-r', String(peerPort), ...LOAD, host]);
};

/** What went each way while `run` ran, as the server counts it. */
async function relayed(run: () => Promise<unknown>): Promise<{ sent: number; received: number }> {
  const read = async (direction: string): Promise<number> => {
    const pattern = new RegExp(`turn_relayed_packets_total\\{direction="${direction}"\\} (\\d+)`);
    return Number(pattern.exec(await turn.metrics.text())?.[1] ?? 0);
  };
  const before = { sent: await read('sent'), received: await read('received') };
  await run();
  return { sent: (await read('sent')) - before.sent, received: (await read('received')) - before.received };
}

describe('turnutils_uclient relays without loss', () => {
  // The clients mostly wait for their own clock: several at a time.
  it.concurrent.each([
    ['UDP, channels', []],
    ['UDP, Send indications', ['-s']],
    ['UDP, Send indications that may not be cut up', ['-s', '-g']],
    ['UDP, clients that move (RFC 8016)', ['-M']],
    ['UDP, a relay of each family', ['-s', '-X']],
    ['UDP, even ports', ['-c']],
    ['TCP, channels', ['-t']],
    ['TCP, Send indications', ['-t', '-s']],
  ])('%s', async (_, options) => {
    const result = await relay(options, turn.ports.udp);
    expect(result, result.output).toMatchObject({ sent: CLIENTS * PACKETS, received: CLIENTS * PACKETS, lost: 0 });
  });

  it.concurrent.each([
    ['UDP, channels', ['-x']],
    ['UDP, Send indications', ['-x', '-s']],
    ['TCP, channels', ['-x', '-t']],
  ])('IPv6: %s', async (_, options) => {
    const result = await relay(options, turn.ports.udp, 6);
    expect(result, result.output).toMatchObject({ sent: CLIENTS * PACKETS, received: CLIENTS * PACKETS, lost: 0 });
  });

  it.each([
    ['channels', ['-t', '-S']],
    ['Send indications', ['-t', '-S', '-s']],
  ])('TLS, %s', async (_, options) => {
    const counts = await relayed(async () => {
      const result = await relay(options, turn.ports.tls!);
      expect(result.sent, result.output).toBe(CLIENTS * PACKETS);
      // This client takes each TLS record for one message, and loses those that share one: what the server counts is held.
      expect(result.received).toBeGreaterThan(0.8 * CLIENTS * PACKETS);
    });
    expect(counts).toEqual({ sent: CLIENTS * PACKETS, received: CLIENTS * PACKETS });
  });
});

describe('turnutils_uclient with TCP relays (RFC 6062)', () => {
  it('connects two clients, and loses nothing between them', async () => {
    const { username, password } = turn.control.user();
    const access = ['-u', username, '-w', password, '-p', String(turn.ports.tcp)];
    const load = ['-m', '2', '-n', '50', '-l', '500', '-z', '20'];
    const result = await uclient([...access, '-T', '-t', '-y', '-e', '127.0.0.1', ...load, '127.0.0.1']);
    expect(result.output).toMatch(/connections are completed/);
    expect(result, result.output).toMatchObject({ lost: 0 });
    expect(result.received).toBeGreaterThan(0);
    expect(result.received).toBe(result.sent);
  });
});

describe('turnutils_stunclient', () => {
  it.each(['127.0.0.1', '::1'])('finds its address at %s', async (host) => {
    const output = await runTool('turnutils_stunclient', ['-p', String(turn.ports.udp), host]);
    expect(output).toContain(`UDP reflexive addr: ${host}:`);
  });
});
