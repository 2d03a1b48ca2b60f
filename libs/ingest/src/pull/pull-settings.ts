// The settings that all edges which pull share.
import { commonSettings, milliseconds, OutboundAddresses, setting, wholeNumber } from '@millrace/service-kit';

export const pullSettings = {
  pullAllowedAddresses: commonSettings.pullAllowedAddresses,
  pullConnectMs: setting(
    'MILLRACE_PULL_CONNECT_MS',
    milliseconds(100),
    10_000,
    'How long it may take to connect to an ingest source until it is to send media, in milliseconds.',
  ),
  pullRetryMinMs: setting(
    'MILLRACE_PULL_RETRY_MIN_MS',
    milliseconds(100),
    1_000,
    'How long an edge waits before it tries an ingest source again, in milliseconds; twice as long after each failure.',
  ),
  pullRetryMaxMs: setting(
    'MILLRACE_PULL_RETRY_MAX_MS',
    milliseconds(100),
    60_000,
    'The longest such wait, in milliseconds.',
  ),
};

/** Where sources may be, as the operator has set it. */
export const sourceAddresses = ({
  pullAllowedAddresses,
}: {
  readonly pullAllowedAddresses: ConstructorParameters<typeof OutboundAddresses>[0];
}): OutboundAddresses => new OutboundAddresses(pullAllowedAddresses, undefined, 'MILLRACE_PULL_ALLOWED_ADDRESSES');

/** Of edges that pull over HTTP. */
export const httpPullSettings = {
  pullMaxRedirects: setting(
    'MILLRACE_PULL_MAX_REDIRECTS',
    wholeNumber(0, 20),
    5,
    'How many redirects are followed for one request to an ingest source over HTTP; the address of each is checked.',
  ),
};

/** Each edge has its own numbers; this is what they mean. */
export interface PullSettings {
  readonly pullRetryMinMs: number;
  readonly pullRetryMaxMs: number;
  /** Sources that one edge holds, also those that it waits to try again; 0: it pulls nothing. */
  readonly maxPulls: number;
  readonly maxPullsPerTenant: number;
}

export const PULL_SETTINGS = Symbol('PullSettings');
