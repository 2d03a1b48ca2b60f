// What the gateway reads from the environment about events.
import { milliseconds, setting, wholeNumber } from '@millrace/service-kit';

const DAY_MS = 24 * 60 * 60_000;

export const eventSettings = {
  eventRetentionMs: setting(
    'MILLRACE_EVENT_RETENTION_MS',
    wholeNumber(1, 3_660 * DAY_MS),
    30 * DAY_MS,
    'How long events and webhook deliveries are kept, in milliseconds.',
  ),
  maxEventStreams: setting(
    'MILLRACE_MAX_EVENT_STREAMS',
    wholeNumber(1, 100_000),
    500,
    'How many event streams (server-sent events) one gateway serves at the same time.',
  ),
  maxEventStreamsPerTenant: setting(
    'MILLRACE_MAX_EVENT_STREAMS_PER_TENANT',
    wholeNumber(1, 100_000),
    10,
    'How many of those event streams one tenant may have open.',
  ),
  eventHeartbeatMs: setting(
    'MILLRACE_EVENT_HEARTBEAT_MS',
    milliseconds(100),
    15_000,
    'How often an idle event stream sends a comment, so that proxies keep it open, in milliseconds.',
  ),
};
