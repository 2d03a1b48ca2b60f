// An address with a port, as operators write it: `192.0.2.1:3478`, `[2001:db8::1]:3478`.
import { isIP } from 'node:net';
import type { TransportAddress } from '@millrace/protocol/stun';
import { familyOf } from './peers/ip-address.ts';

const FORM = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/;
const MAX_PORT = 65_535;

/** @returns undefined when the text is none */
export function parseEndpoint(text: string): TransportAddress | undefined {
  const [, bracketed, plain, digits] = FORM.exec(text) ?? [];
  const address = bracketed ?? plain ?? '';
  const port = Number(digits);
  const isRight = isIP(address) === (bracketed === undefined ? 4 : 6) && port > 0 && port <= MAX_PORT;
  return isRight ? { family: familyOf(address), address, port } : undefined;
}

/** Those of the texts that are addresses with ports: all, where the settings were checked. */
export const parseEndpoints = (texts: readonly string[] = []): readonly TransportAddress[] =>
  texts.map(parseEndpoint).filter((endpoint) => endpoint !== undefined);
