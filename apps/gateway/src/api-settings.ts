// What the gateway reads from the environment about REST itself: rates, idempotency keys, the audit log.
import { setting, wholeNumber } from '@millrace/service-kit';

const KIB = 1024;
const DAY_MS = 24 * 60 * 60_000;

export const apiSettings = {
  apiRequestsPerSecondPerAddress: setting(
    'MILLRACE_API_REQUESTS_PER_SECOND_PER_ADDRESS',
    wholeNumber(1, 1_000_000),
    200,
    'REST requests per second that one address (IPv6: one /64 network) may send to one gateway.',
  ),
  apiBurstPerAddress: setting(
    'MILLRACE_API_BURST_PER_ADDRESS',
    wholeNumber(1, 1_000_000),
    4_000,
    'Burst of REST requests that one address may send after a pause.',
  ),
  apiRequestsPerSecondPerKey: setting(
    'MILLRACE_API_REQUESTS_PER_SECOND_PER_KEY',
    wholeNumber(1, 1_000_000),
    100,
    'REST requests per second that one key may send to one gateway.',
  ),
  apiBurstPerKey: setting(
    'MILLRACE_API_BURST_PER_KEY',
    wholeNumber(1, 1_000_000),
    2_000,
    'Burst of REST requests that one key may send after a pause.',
  ),
  apiReadsPerSecondPerTenant: setting(
    'MILLRACE_API_READS_PER_SECOND_PER_TENANT',
    wholeNumber(1, 1_000_000),
    200,
    'REST requests per second that read, which all keys and users of one tenant may send to one gateway.',
  ),
  apiReadBurstPerTenant: setting(
    'MILLRACE_API_READ_BURST_PER_TENANT',
    wholeNumber(1, 1_000_000),
    4_000,
    'Burst of REST requests that read, which one tenant may send after a pause.',
  ),
  apiWritesPerSecondPerTenant: setting(
    'MILLRACE_API_WRITES_PER_SECOND_PER_TENANT',
    wholeNumber(1, 1_000_000),
    100,
    'REST requests per second that write, which all keys and users of one tenant may send to one gateway.',
  ),
  apiWriteBurstPerTenant: setting(
    'MILLRACE_API_WRITE_BURST_PER_TENANT',
    wholeNumber(1, 1_000_000),
    2_000,
    'Burst of REST requests that write, which one tenant may send after a pause.',
  ),
  apiRequestsAtOncePerKey: setting(
    'MILLRACE_API_REQUESTS_AT_ONCE_PER_KEY',
    wholeNumber(1, 100_000),
    20,
    'How many REST requests of one key a gateway handles concurrently; the others wait.',
  ),
  apiWrongKeysPerMinute: setting(
    'MILLRACE_API_WRONG_KEYS_PER_MINUTE',
    wholeNumber(1, 1_000_000),
    10,
    'REST requests with wrong keys that one address may send per minute; valid keys from that address are still accepted.',
  ),
  idempotencyRetentionMs: setting(
    'MILLRACE_IDEMPOTENCY_RETENTION_MS',
    wholeNumber(1, 30 * DAY_MS),
    DAY_MS,
    'How long idempotency keys and their answers are kept, in milliseconds; answers that hold a secret are kept for ten minutes.',
  ),
  idempotencyLeaseMs: setting(
    'MILLRACE_IDEMPOTENCY_LEASE_MS',
    wholeNumber(1, DAY_MS),
    30_000,
    'How long an idempotency key stays in progress when the gateway that was carrying out the request has died, in milliseconds.',
  ),
  maxIdempotencyKeysPerTenant: setting(
    'MILLRACE_MAX_IDEMPOTENCY_KEYS_PER_TENANT',
    wholeNumber(1, 10_000_000),
    50_000,
    'How many idempotency keys of one tenant are kept.',
  ),
  auditRetentionMs: setting(
    'MILLRACE_AUDIT_RETENTION_MS',
    wholeNumber(1, 3_660 * DAY_MS),
    365 * DAY_MS,
    'How long audit events are kept, in milliseconds.',
  ),
  maxExports: setting(
    'MILLRACE_MAX_EXPORTS',
    wholeNumber(1, 1_000),
    8,
    'How many exports (of usage, audit events or a tenant) a gateway sends at once.',
  ),
  maxExportsPerTenant: setting(
    'MILLRACE_MAX_EXPORTS_PER_TENANT',
    wholeNumber(1, 1_000),
    2,
    'How many of them one tenant may have, or the operator.',
  ),
  exportMaxMs: setting(
    'MILLRACE_EXPORT_MAX_MS',
    wholeNumber(1_000, DAY_MS),
    30 * 60_000,
    'How long an export may take, in milliseconds; it is cut short then.',
  ),
  exportMinBytesPerSecond: setting(
    'MILLRACE_EXPORT_MIN_BYTES_PER_SECOND',
    wholeNumber(1, 1_000_000_000),
    16 * KIB,
    'How fast a client must read an export, in bytes per second; a slower one is disconnected.',
  ),
  exportCheckMs: setting(
    'MILLRACE_EXPORT_CHECK_MS',
    wholeNumber(100, 60 * 60_000),
    20_000,
    'Over how long that is measured, in milliseconds.',
  ),
  clientAddressRetentionMs: setting(
    'MILLRACE_CLIENT_ADDRESS_RETENTION_MS',
    wholeNumber(0, 3_660 * DAY_MS),
    30 * DAY_MS,
    'How long the addresses of encoders and of callers of the API are kept whole, in milliseconds; after that, only their networks (/24, IPv6: /48).',
  ),
};
