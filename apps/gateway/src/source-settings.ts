// What the gateway reads from the environment about sources that streams are pulled from.
import { commonSettings, milliseconds, setting, wholeNumber } from '@millrace/service-kit';

export const sourceSettings = {
  pullAllowedAddresses: commonSettings.pullAllowedAddresses,
  pullOnDemandKeepMs: setting(
    'MILLRACE_PULL_ON_DEMAND_KEEP_MS',
    milliseconds(1_000),
    15_000,
    'How long an ingest source with mode on_demand is pulled after the last request of a viewer, in milliseconds.',
  ),
  maxIngestSourcesPerStream: setting(
    'MILLRACE_MAX_INGEST_SOURCES_PER_STREAM',
    wholeNumber(1, 100),
    2,
    'How many ingest sources one stream may have; one of them publishes at a time.',
  ),
  maxIngestSourcesPerTenant: setting(
    'MILLRACE_MAX_INGEST_SOURCES_PER_TENANT',
    wholeNumber(1, 10_000),
    100,
    'How many ingest sources a tenant may have.',
  ),
};
