// The check page's finding about NATs, in Chromium, with a NAT for STUN that the test makes.
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { once } from 'node:events';
import { startTurn } from '@millrace/turn/testing';
import type { RunningTurn } from '@millrace/turn/testing';
import type * as RoomsClient from '@millrace/rooms-client';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchCallBrowser } from './support/call-browser.ts';
import { serveRoomsClient } from './support/module-server.ts';
import type { ModuleServer } from './support/module-server.ts';

let turn: RunningTurn;
let server: ModuleServer;
let browser: Browser;

beforeAll(async () => {
  // The browser is at whatever address this machine has.
  turn = await startTurn({ turnHosts: ['127.0.0.1'], turnAllowedPeers: ['0.0.0.0/0'] });
  server = await serveRoomsClient();
  browser = await launchCallBrowser();
});
afterAll(async () => {
  await browser.close();
  await server.close();
  await turn.stop();
});

/**
 * Passes each client's packets to the server from a port of its own, and brings back those of the server. Those of others come in, if
 * they do, from an address that is not the server's, as they do behind a NAT; what the client answers goes to them.
 */
async function natForStun(isOpen: boolean): Promise<{ port: number; close: () => void }> {
  const [inside, strangers] = [createSocket('udp4'), createSocket('udp4')];
  inside.bind(0, '127.0.0.1');
  strangers.bind(0, '127.0.0.1');
  await Promise.all([once(inside, 'listening'), once(strangers, 'listening')]);
  const mappings = new Map<number, { socket: Socket; stranger: number }>();
  const mapping = (client: RemoteInfo) => {
    const known = mappings.get(client.port);
    if (known !== undefined) return known;
    const made = { socket: createSocket('udp4').bind(0, client.address), stranger: 0 };
    made.socket.on('message', (bytes, { port }) => {
      if (port === turn.ports.udp) return inside.send(bytes, client.port, client.address);
      made.stranger = port;
      if (isOpen) strangers.send(bytes, client.port, client.address);
    });
    mappings.set(client.port, made);
    return made;
  };
  inside.on('message', (bytes, client) => mapping(client).socket.send(bytes, turn.ports.udp, '127.0.0.1'));
  strangers.on('message', (bytes, client) => {
    const { socket, stranger } = mapping(client);
    socket.send(bytes, stranger, '127.0.0.1');
  });
  const close = (): void => {
    for (const socket of [inside, strangers, ...[...mappings.values()].map((each) => each.socket)]) socket.close();
  };
  return { port: inside.address().port, close };
}

async function found(stunPort: number): Promise<RoomsClient.NatFinding> {
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.waitForFunction(() => 'client' in globalThis);
  const { username, password: credential } = turn.control.user();
  const iceServers = [
    { urls: [`stun:127.0.0.1:${stunPort}`] },
    { urls: [`turn:127.0.0.1:${turn.ports.udp}?transport=udp`], username, credential },
  ];
  const finding = await page.evaluate((servers) => {
    const { client } = globalThis as unknown as { client: typeof RoomsClient };
    return client.checkNat(servers, client.systemClock);
  }, iceServers);
  await page.close();
  return finding;
}

describe('the kind of NAT', () => {
  it('is none where the server sees the address of the machine', async () => {
    expect(await found(turn.ports.udp)).toEqual({ kind: 'none' });
  });

  it('is a cone where strangers get in, and are answered from the port that STUN has seen', async () => {
    const nat = await natForStun(true);
    expect(await found(nat.port)).toEqual({ kind: 'nat', mapping: 'endpoint_independent', filtering: 'open' });
    nat.close();
  });

  it('is symmetric where no stranger gets in, and a peer sees another port than STUN', async () => {
    const nat = await natForStun(false);
    const filtering = 'address_and_port_dependent';
    expect(await found(nat.port)).toEqual({ kind: 'nat', mapping: 'dependent', filtering });
    nat.close();
  });

  it('is not told where UDP gets no answer', async () => {
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    await once(silent, 'listening');
    expect(await found(silent.address().port)).toEqual({ kind: 'unknown' });
    silent.close();
  });
});
