// Questions to a process that has just been started: are you there yet?
import { connect } from 'node:net';

const PROBE_TIMEOUT_MS = 2_000;

/** Whether something listens on this port of 127.0.0.1. */
export function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: PROBE_TIMEOUT_MS });
    const answer = (value: boolean): void => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => answer(true));
    socket.once('timeout', () => answer(false));
    socket.once('error', () => answer(false));
  });
}

/** Whether a line of text sent to this port is answered like that: Redis' PING, for example. */
export function answersLine(port: number, line: string, pattern: RegExp): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: PROBE_TIMEOUT_MS }, () => socket.write(`${line}\r\n`));
    let heard = '';
    const answer = (value: boolean): void => {
      socket.destroy();
      resolve(value);
    };
    socket.on('data', (data: Buffer) => {
      heard += data.toString('latin1');
      if (heard.includes('\n')) answer(pattern.test(heard));
    });
    socket.once('timeout', () => answer(false));
    socket.once('close', () => answer(false));
    socket.once('error', () => answer(false));
  });
}

/** Whether this address answers with a good status. */
export async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.arrayBuffer();
    return response.ok;
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return false;
    throw error;
  }
}
