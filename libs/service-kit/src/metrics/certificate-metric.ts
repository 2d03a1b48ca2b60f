import { X509Certificate } from 'node:crypto';
import type { Certificate } from '../tls/certificate-watcher.ts';
import type { Metrics } from './metrics.ts';

/** What is told of the certificate that a service shows to its clients. */
export const certificateExpiry = (metrics: Metrics) =>
  metrics.gauge(
    'tls_certificate_expiry_timestamp_seconds',
    'When the certificate in use expires, in seconds since 1970; 0 without TLS.',
  );

/** @returns seconds since 1970 of the first certificate of the chain: the service's own */
export function expiryOf({ cert }: Pick<Certificate, 'cert'>): number {
  return new X509Certificate(cert).validToDate.getTime() / 1_000;
}
