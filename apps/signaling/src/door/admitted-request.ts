// What the door has found out about a request, for whoever serves the socket that it becomes.
import type { IncomingMessage } from 'node:http';

const addresses = new WeakMap<IncomingMessage, string>();

export function noteAdmission(request: IncomingMessage, address: string): void {
  addresses.set(request, address);
}

/** @throws Error when the request has not come through the door */
export function admittedAddress(request: IncomingMessage): string {
  const address = addresses.get(request);
  if (address === undefined) throw new Error('this socket was not let in');
  return address;
}
