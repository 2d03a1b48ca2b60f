// Asks for every port before anything starts, so that one clear message names all that are taken.
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { listenOn } from '@millrace/service-kit';

export interface WantedPort {
  readonly host: string;
  /** 0 is always free. */
  readonly port: number;
  /** What sets it. */
  readonly variable: string;
}

export class PortsTaken extends Error {
  override readonly name = 'PortsTaken';
}

/** @throws {PortsTaken} naming each port that something listens on, and the setting that moves it */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  const faults = await Promise.all(wanted.map(async (each) => describe(each, await tryListen(each))));
  const lines = faults.filter((fault) => fault !== undefined);
  if (lines.length > 0) throw new PortsTaken(lines.join('\n'));
}

function describe({ host, port, variable }: WantedPort, code: string | undefined): string | undefined {
  switch (code) {
    case undefined:
      return undefined;
    case 'EADDRINUSE':
      return `Port ${port} is taken: stop what listens on it, or set ${variable} to another port.`;
    case 'EACCES':
      return `Port ${port} may not be used by this user: set ${variable} to one above 1023.`;
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
