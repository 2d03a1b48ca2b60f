// Asks for every port before anything starts, so that one clear message names all that are taken.
import { createSocket } from 'node:dgram';
import { createServer, isIPv6 } from 'node:net';
import { promisify } from 'node:util';
import { listenOn } from '@millrace/service-kit';

export interface WantedPort {
  readonly host: string;
  /** 0 is always free. */
  readonly port: number;
  readonly transport?: 'tcp' | 'udp';
  /** What sets it. */
  readonly variable: string;
}

export class PortsTaken extends Error {
  override readonly name = 'PortsTaken';
}

/** @throws {PortsTaken} naming each port that another program listens on, and the setting that moves it */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  const faults = await Promise.all(
    wanted.map(async (each) => describe(each, await (each.transport === 'udp' ? tryBind(each) : tryListen(each)))),
  );
  const lines = [...new Set(faults)].filter((fault) => fault !== undefined);
  if (lines.length > 0) throw new PortsTaken(lines.join('\n'));
}

function describe(wanted: WantedPort, code: string | undefined): string | undefined {
  const { host, port, variable, transport } = wanted;
  const name = transport === 'udp' ? `UDP port ${port}` : `Port ${port}`;
  switch (code) {
    case undefined:
      return undefined;
    case 'EADDRINUSE':
      return `${name} is taken: stop the program that uses it, or set ${variable} to another port.`;
    case 'EACCES':
      return `${name} cannot be opened by this user: set ${variable} to one above 1023.`;
    default:
      return `Cannot listen on ${host}, port ${port} (${code}): see ${variable} and the _HOST setting beside it.`;
  }
}

async function tryListen({ host, port }: WantedPort): Promise<string | undefined> {
  const server = createServer();
  try {
    await listenOn(server, { host, port, exclusive: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  }
  await promisify(server.close.bind(server))();
  return undefined;
}

/** `::` is all of IPv4 where there is no IPv6. */
async function tryBind({ host, port }: WantedPort): Promise<string | undefined> {
  const fault = await tryBindOn(host, port);
  return host === '::' && (fault === 'EAFNOSUPPORT' || fault === 'EADDRNOTAVAIL') ? tryBindOn('0.0.0.0', port) : fault;
}

function tryBindOn(host: string, port: number): Promise<string | undefined> {
  return new Promise((answer) => {
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', ipv6Only: isIPv6(host) });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      answer(error.code ?? error.message);
    });
    socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => answer(undefined)));
  });
}
