// What the gateway reads from the environment about sources that streams are pulled from.
import { commonSettings, setting, wholeNumber } from '@millrace/service-kit';

export const sourceSettings = {
  pullAllowedAddresses: commonSettings.pullAllowedAddresses,
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
