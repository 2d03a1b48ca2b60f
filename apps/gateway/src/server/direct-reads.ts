// Reading a connection into one buffer for the whole process, past the stream of its socket: that makes a buffer, a view and an event of each
// read. The runtime offers it as `onread`, for outgoing sockets only; what it keeps of that option is given to accepted ones here.
import { Socket } from 'node:net';

const READ_BUFFER_BYTES = 64 * 1024;
/** Shared: a callee has copied what it keeps before it returns. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

/** What Node.js keeps in a socket. Not part of its documented interface: looked for, never relied on. */
interface SocketInternals {
  readonly _handle?: { useUserBuffer?: (buffer: Uint8Array) => void } | null;
  [internal: symbol]: unknown;
}

interface Places {
  readonly buffer: symbol;
  readonly callback: symbol;
  readonly nextBuffer: symbol;
}

/** @returns undefined where this Node.js keeps the option in another way */
function findPlaces(): Places | undefined {
  const callback = (): boolean => true;
  const sample = new Socket({ onread: { buffer: readBuffer, callback } });
  const internals = sample as unknown as SocketInternals;
  const symbols = Object.getOwnPropertySymbols(sample);
  const named = (name: string): symbol | undefined => symbols.find(({ description }) => description === name);
  const [buffer, onRead, nextBuffer] = [named('kBuffer'), named('kBufferCb'), named('kBufferGen')];
  sample.destroy();
  if (buffer === undefined || onRead === undefined || nextBuffer === undefined) return undefined;
  const isKept = internals[buffer] === readBuffer && internals[onRead] === callback && internals[nextBuffer] === null;
  return isKept ? { buffer, callback: onRead, nextBuffer } : undefined;
}

const places = findPlaces();

/**
 * Gives what a connection reads to `onBytes` from now on, instead of to its stream. Its end and its errors are told of as ever, and
 * `pause` and `resume` stop and start the reading.
 *
 * @param onBytes with a view of memory that is read into again. @returns false to stop the reading until the stream wants more
 * @returns whether it does: nothing has changed otherwise
 */
export function readDirectly(socket: Socket, onBytes: (bytes: Buffer) => boolean): boolean {
  const internals = socket as unknown as SocketInternals;
  const handle = internals._handle;
  if (places === undefined || typeof handle?.useUserBuffer !== 'function' || internals[places.buffer] !== null)
    return false;
  internals[places.buffer] = readBuffer;
  internals[places.nextBuffer] = null;
  internals[places.callback] = (count: number) => onBytes(readBuffer.subarray(0, count));
  handle.useUserBuffer(readBuffer);
  return true;
}
