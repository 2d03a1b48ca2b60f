// From a name to a connection: DNS, the port, and the certificate behind it.
import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { explainFailure } from '../api/unreachable.ts';
import { CHECK_TIMEOUT_MS, fail, inTime, ok, skip, warn } from './check.ts';
import type { CheckResult } from './check.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Authorities' clients renew a month before the end: less than this is a renewal that has failed. */
const SHORT_DAYS = 14;

/** The addresses of a name. */
export async function checkName(name: string, host: string): Promise<CheckResult> {
  if (isIP(host) !== 0) return skip(name, `${host} is an address`);
  try {
    const addresses = await inTime(lookup(host, { all: true }));
    return ok(name, `${host} is ${addresses.map(({ address }) => address).join(', ')}`);
  } catch (error) {
    const { what, advice } = explainFailure(error);
    return fail(name, `${host}: ${what}`, advice);
  }
}

/** Whether something listens. */
export async function checkPort(name: string, host: string, port: number): Promise<CheckResult> {
  const startedAt = performance.now();
  const socket = connectTcp({ host, port });
  try {
    await opened(socket, 'connect');
    return ok(name, `${host} port ${port} is open (${(performance.now() - startedAt).toFixed(0)} ms)`);
  } catch (error) {
    const { what, advice } = explainFailure(error);
    return fail(name, `${host} port ${port}: ${what}`, advice);
  } finally {
    socket.destroy();
  }
}

async function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once(event, () => resolve());
  socket.once('error', reject);
  socket.setTimeout(CHECK_TIMEOUT_MS, () => reject(new DOMException('no answer', 'TimeoutError')));
  await promise;
}

/** The certificate: its names, its authority, and how long it lasts. */
export async function checkCertificate(name: string, host: string, port: number): Promise<CheckResult> {
  // Looked at even when it is wrong: the connection carries nothing.
  const socket: TLSSocket = connectTls({
    host,
    port,
    rejectUnauthorized: false,
    ...(isIP(host) === 0 && { servername: host }),
  });
  try {
    await opened(socket, 'secureConnect');
    return judge(name, host, socket.getPeerCertificate(), socket.authorizationError, Date.now());
  } catch (error) {
    const { what, advice } = explainFailure(error);
    return fail(name, `${host} port ${port}: ${what}`, advice);
  } finally {
    socket.destroy();
  }
}

/** @param fault what the TLS library holds against it */
export function judge(
  name: string,
  host: string,
  certificate: Pick<PeerCertificate, 'valid_to' | 'subjectaltname'>,
  fault: Error | string | null | undefined,
  nowMs: number,
): CheckResult {
  const days = Math.floor((Date.parse(certificate.valid_to) - nowMs) / DAY_MS);
  const until = new Date(certificate.valid_to).toISOString().slice(0, 10);
  if (days < 0) return fail(name, `the certificate expired on ${until}`, 'Renew the certificate.');
  if (fault) {
    const code = fault instanceof Error ? ('code' in fault ? String(fault.code) : fault.message) : fault;
    const { what, advice } = explainFailure(Object.assign(new Error(code), { code }));
    const names = (certificate.subjectaltname ?? '').replaceAll('DNS:', '').replaceAll('IP Address:', '');
    return fail(name, `${host}: ${what}${code.includes('ALTNAME') ? ` (${names})` : ''}`, advice);
  }
  if (days < SHORT_DAYS)
    return warn(
      name,
      `the certificate expires on ${until}, in ${days} days`,
      'Renew the certificate; if renewal is automatic, find out why it has not happened.',
    );
  return ok(name, `the certificate is valid for ${host} until ${until} (${days} days)`);
}
