// Why a source cannot be pulled, or not any more.
import { ProtocolError } from '@millrace/protocol/bytes';
import { AddressRefused, connectionFault } from '@millrace/service-kit';

/** The message is for the tenant: it holds no secret. */
export class SourceFault extends Error {
  override readonly name = 'SourceFault';
}

/** What is quoted of another server. */
const MAX_QUOTED_LENGTH = 200;

/** Another server's words, in one line. */
export const quotedLine = (text: string): string =>
  text
    .slice(0, MAX_QUOTED_LENGTH)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();

/** @returns undefined for an error that no source is to blame for */
export function sourceFaultOf(error: unknown): string | undefined {
  if (error instanceof SourceFault) return error.message;
  if (error instanceof AddressRefused) return `the address of the source ${error.message}`;
  if (error instanceof ProtocolError) return `what the source sends cannot be read: ${error.detail}`;
  return isOfSystem(error) ? connectionFault(error) : undefined;
}

/** Of sockets, DNS and TLS; Node.js gives codes to its own errors of wrong use as well, whose names begin with `ERR_`. */
const isOfSystem = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  (!error.code.startsWith('ERR_') || /^ERR_(SSL|TLS)_/.test(error.code));
