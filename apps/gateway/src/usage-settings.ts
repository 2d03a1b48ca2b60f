// What the gateway reads from the environment about usage.
import { setting, wholeNumber } from '@millrace/service-kit';

const DAY_MS = 24 * 60 * 60_000;
const MONTHS_13_MS = 400 * DAY_MS;

export const usageSettings = {
  usageRetentionMs: setting(
    'MILLRACE_USAGE_RETENTION_MS',
    wholeNumber(2 * DAY_MS, 3_660 * DAY_MS),
    MONTHS_13_MS,
    'How long the usage of each hour is kept, in milliseconds.',
  ),
};
