// Options of sockets that the runtime does not offer, see system-calls.ts. Each is set once in the life of a socket, and nothing depends
// on it: without them the server answers as if the system could not do it.
import { systemCalls } from './system-calls.ts';

const IPPROTO_TCP = 6;
const TCP_NOTSENT_LOWAT = 25;
const IPPROTO_IP = 0;
const IP_MTU_DISCOVER = 10;
const IPPROTO_IPV6 = 41;
const IPV6_MTU_DISCOVER = 23;
/** What sockets do by themselves: datagrams are cut up that the path would not take. */
const PMTUDISC_WANT = 1;
/** Datagrams carry the bit that forbids it, and those that are too large do not leave. */
const PMTUDISC_DO = 2;
const INT_BYTES = 4;

/** Held for as long as the process lives: the library remembers only its address. */
const value = Buffer.allocUnsafeSlow(INT_BYTES);

/** @returns whether the system has taken it */
export function setSocketOption(fd: number | undefined, level: number, name: number, option: number): boolean {
  const system = fd === undefined || fd < 0 ? undefined : systemCalls();
  if (system === undefined) return false;
  value.writeInt32LE(option);
  return system.setsockopt(fd!, level, name, system.addressOf(value), INT_BYTES) === 0;
}

/**
 * Has the system take no more of a stream than this beyond what is on its way to the client. Else it takes megabytes, which on
 * a slow line are seconds.
 */
export const limitNotSent = (fd: number | undefined, bytes: number): boolean =>
  setSocketOption(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, bytes);

/** Whether what leaves from now on may be cut up on its way. @returns whether the system has taken it */
export const forbidFragments = (fd: number | undefined, family: 'IPv4' | 'IPv6', isForbidden: boolean): boolean =>
  setSocketOption(
    fd,
    family === 'IPv6' ? IPPROTO_IPV6 : IPPROTO_IP,
    family === 'IPv6' ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
    isForbidden ? PMTUDISC_DO : PMTUDISC_WANT,
  );

/** What the runtime keeps beneath a datagram socket. */
export interface DatagramReading {
  readonly fd: number;
  recvStart(): unknown;
  recvStop(): unknown;
}

/** The handle of a datagram socket of the runtime, which keeps it with its state; undefined where another runtime does not. */
export function readingOfDatagrams(socket: object): DatagramReading | undefined {
  const kept = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol');
  if (kept === undefined) return undefined;
  const state = (socket as Readonly<Record<symbol, { readonly handle?: Partial<DatagramReading> | null } | undefined>>)[
    kept
  ];
  const handle = state?.handle;
  const isWhole =
    typeof handle?.fd === 'number' && typeof handle.recvStart === 'function' && typeof handle.recvStop === 'function';
  return isWhole ? (handle as DatagramReading) : undefined;
}

export const descriptorOfDatagrams = (socket: object): number | undefined => readingOfDatagrams(socket)?.fd;

/** The descriptor of a stream of the runtime, which keeps it with its handle. */
export const descriptorOf = (socket: object): number | undefined =>
  (socket as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd;
