// What the gateway reads from the environment about webhooks.
import { addressRanges, milliseconds, setting, wholeNumber } from '@millrace/service-kit';

export const webhookSettings = {
  webhookAllowedAddresses: setting(
    'MILLRACE_WEBHOOK_ALLOWED_ADDRESSES',
    addressRanges,
    [],
    'Address ranges that are not public but may receive webhooks, also without TLS, separated by commas; for development.',
    { emptyIsNone: true },
  ),
  webhookTimeoutMs: setting(
    'MILLRACE_WEBHOOK_TIMEOUT_MS',
    milliseconds(100),
    15_000,
    'How long a webhook endpoint may take to answer, in milliseconds.',
  ),
  maxWebhookEndpointsPerTenant: setting(
    'MILLRACE_MAX_WEBHOOK_ENDPOINTS_PER_TENANT',
    wholeNumber(1, 1_000),
    20,
    'How many webhook endpoints a tenant may have.',
  ),
  webhookDeliveriesAtOnce: setting(
    'MILLRACE_WEBHOOK_DELIVERIES_AT_ONCE',
    wholeNumber(1, 10_000),
    256,
    'How many webhook deliveries one gateway sends at the same time.',
  ),
  webhookDeliveriesAtOncePerTenant: setting(
    'MILLRACE_WEBHOOK_DELIVERIES_AT_ONCE_PER_TENANT',
    wholeNumber(1, 10_000),
    16,
    'How many of those deliveries may be for one tenant.',
  ),
  publishAuthorizerTimeoutMs: setting(
    'MILLRACE_PUBLISH_AUTHORIZER_TIMEOUT_MS',
    wholeNumber(100, 2_000),
    2_000,
    'How long a publish authorizer may take to decide, in milliseconds.',
  ),
  publishAuthorizerRequestsPerTenant: setting(
    'MILLRACE_PUBLISH_AUTHORIZER_REQUESTS_PER_TENANT',
    wholeNumber(1, 1_000),
    16,
    'How many requests to the publish authorizer of one tenant one gateway may have open.',
  ),
  publishAuthorizerTestsPerMinute: setting(
    'MILLRACE_PUBLISH_AUTHORIZER_TESTS_PER_MINUTE',
    wholeNumber(1, 1_000),
    10,
    'How many test requests to its publish authorizer a tenant may ask one gateway for in a minute.',
  ),
};
