// Asks for every port before anything starts, so that one clear message names all that are taken.
import { createServer } from 'node:net';

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

function tryListen({ host, port }: WantedPort): Promise<string | undefined> {
  return new Promise((answer) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => answer(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => answer(undefined)));
  });
}
