import type { Metrics } from './metrics.ts';

/** When the certificate that a service shows to its clients ends. */
export const certificateExpiry = (metrics: Metrics) =>
  metrics.gauge(
    'tls_certificate_expiry_timestamp_seconds',
    'When the certificate in use expires, in seconds since 1970; 0 without TLS.',
  );
