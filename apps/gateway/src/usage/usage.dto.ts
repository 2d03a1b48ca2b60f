import { z } from 'zod';
import { idField, timeField } from '../http/fields.ts';
import { pageOf } from '../http/pages.ts';
import { USAGE_CODE_LIMITS } from './usage-limits.ts';
import { usageNumbers } from './usage-numbers.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const MAX_CURSOR_LENGTH = 400;
const DAY_MS = 24 * 60 * 60_000;
const { maxRangeDays } = USAGE_CODE_LIMITS;

export const USAGE_PERIODS = ['hour', 'day', 'month'] as const;
const GROUPS = [...USAGE_PERIODS, 'tenant', 'live_stream', 'protocol'] as const;
export type UsageGroup = (typeof GROUPS)[number];

const isPeriod = (group: UsageGroup): boolean => USAGE_PERIODS.some((period) => period === group);

const groups = z
  .string()
  .regex(new RegExp(`^(${GROUPS.join('|')})(,(${GROUPS.join('|')}))*$`), `must be a list of ${GROUPS.join(', ')}`)
  .refine(
    (text) => (text.split(',') as UsageGroup[]).filter(isPeriod).length <= 1,
    'can name one of hour, day and month',
  )
  .optional()
  .describe(
    'What to group by, separated by commas: hour, day or month (UTC), tenant, live_stream, protocol. Default: one sum.',
  );

const time = () => z.iso.datetime({ offset: true });

const filters = {
  from: time().optional().describe('Only hours that end after this time. Default: 24 hours before `to`.'),
  to: time().optional().describe('Only hours that begin before this time. Default: now.'),
  group_by: groups,
  tenant_id: idField('tenant').optional(),
  live_stream_id: idField('liveStream').optional().describe('Only what this live stream has used.'),
};

const isInRange = ({ from, to }: { from?: string | undefined; to?: string | undefined }): boolean => {
  const end = to === undefined ? Date.now() : Date.parse(to);
  const start = from === undefined ? end - 1 : Date.parse(from);
  return start < end && end - start <= maxRangeDays * DAY_MS;
};
const RANGE = { path: ['from'], error: `must be before \`to\`, by at most ${maxRangeDays} days` };

export const exportUsageQuery = z.strictObject(filters).refine(isInRange, RANGE);
export type ExportUsageQuery = z.infer<typeof exportUsageQuery>;

export const listUsageQuery = z
  .strictObject({
    ...filters,
    limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT).describe('Page size.'),
    cursor: z.string().min(1).max(MAX_CURSOR_LENGTH).optional().describe('`next_cursor` of the previous page.'),
  })
  .refine(isInRange, RANGE);
export type ListUsageQuery = z.infer<typeof listUsageQuery>;

export const usageAnswer = z
  .strictObject({
    from: timeField().describe('Beginning of the hour, day or month; of the first hour if these are not grouped by.'),
    to: timeField().describe('End of the hour, day or month; of the last hour if these are not grouped by.'),
    tenant_id: idField('tenant').nullable().describe('Null for the sum of all tenants.'),
    live_stream_id: idField('liveStream')
      .nullable()
      .describe(
        'Null for the sum of all live streams, and for what belongs to none of them, such as relays and rooms.',
      ),
    protocol: z
      .string()
      .nullable()
      .describe(
        '`hls`, `dash`, `http_flv`, `ws_flv`, `rtmp`, `rtmps`, `rtsp` or `rtsps`; null for the sum of all, and where there is none.',
      ),
    ...usageNumbers,
  })
  .meta({ id: 'Usage' });
export type UsageAnswer = z.infer<typeof usageAnswer>;

export const usagePage = pageOf(usageAnswer).meta({ id: 'UsagePage' });
