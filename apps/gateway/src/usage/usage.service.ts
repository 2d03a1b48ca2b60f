import { Injectable } from '@nestjs/common';
import { IdPrefix, isId } from '@millrace/domain';
import { listScope } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { usageColumns, writeUsageNumbers } from './usage-numbers.ts';
import type { UsageNumbersRow } from './usage-numbers.ts';
import { USAGE_PERIODS, usageAnswer } from './usage.dto.ts';
import type { ExportUsageQuery, ListUsageQuery, UsageAnswer, UsageGroup } from './usage.dto.ts';

const HOUR_MS = 3_600_000;
const HOURS_PER_DAY = 24;
const MONTHS_PER_YEAR = 12;
const DEFAULT_RANGE_HOURS = 24;
const EXPORT_PAGE = 1_000;

type Period = (typeof USAGE_PERIODS)[number] | 'all';

/** The number of the period of an hour: hours and days since 1970, months since the year 0. */
const PERIOD_SQL: Readonly<Record<Period, string>> = {
  hour: 'hour',
  day: `hour / ${HOURS_PER_DAY}`,
  month: `(extract(year FROM ${`to_timestamp(hour * 3600.0) AT TIME ZONE 'UTC'`}) * 12
    + extract(month FROM to_timestamp(hour * 3600.0) AT TIME ZONE 'UTC') - 1)::int`,
  all: '0',
};

const monthStart = (month: number): number =>
  Date.UTC(Math.floor(month / MONTHS_PER_YEAR), month % MONTHS_PER_YEAR, 1) / HOUR_MS;

/** The first hour of a period, and the first after it. */
const HOURS_OF: Readonly<Record<Exclude<Period, 'all'>, (period: number) => readonly [number, number]>> = {
  hour: (hour) => [hour, hour + 1],
  day: (day) => [day * HOURS_PER_DAY, (day + 1) * HOURS_PER_DAY],
  month: (month) => [monthStart(month), monthStart(month + 1)],
};

interface Question {
  readonly tenantId: string | null;
  readonly liveStreamId: string | null;
  readonly fromHour: number;
  readonly toHour: number;
  readonly period: Period;
  readonly byTenant: boolean;
  readonly byLiveStream: boolean;
  readonly byProtocol: boolean;
}

/** Which row of the answer: empty where it is not grouped by. */
interface Place {
  readonly period: number;
  readonly tenant_id: string;
  readonly live_stream_id: string;
  readonly protocol: string;
}

type UsageRow = Place & UsageNumbersRow;

@Injectable()
export class UsageService {
  constructor(private readonly database: Database) {}

  /** Oldest first. */
  async list(caller: Principal, query: ListUsageQuery): Promise<Page<UsageAnswer>> {
    const question = questionOf(caller, query);
    const after = query.cursor === undefined ? undefined : openCursor(query.cursor);
    const rows = await this.#read(question, after, query.limit + 1);
    const shown = rows.slice(0, query.limit);
    const last = shown.at(-1);
    const more = rows.length > query.limit && last !== undefined;
    return {
      data: shown.map((row) => writeUsage(row, question)),
      has_more: more,
      next_cursor: more ? sealCursor(last) : null,
    };
  }

  /** The same as CSV (RFC 4180), a page at a time as it is read. */
  async *exportCsv(caller: Principal, query: ExportUsageQuery): AsyncGenerator<string> {
    const question = questionOf(caller, query);
    const columns = Object.keys(usageAnswer.shape) as (keyof UsageAnswer)[];
    yield `${columns.join(',')}\r\n`;
    let after: Place | undefined;
    let rows: UsageRow[];
    do {
      rows = await this.#read(question, after, EXPORT_PAGE);
      after = rows.at(-1);
      const lines = rows.map((row) => {
        const usage = writeUsage(row, question);
        return `${columns.map((column) => usage[column] ?? '').join(',')}\r\n`;
      });
      if (lines.length > 0) yield lines.join('');
    } while (rows.length === EXPORT_PAGE);
  }

  #read(question: Question, after: Place | undefined, limit: number): Promise<UsageRow[]> {
    const { tenantId, liveStreamId, fromHour, toHour, period, byTenant, byLiveStream, byProtocol } = question;
    const first = after === undefined || period === 'all' ? fromHour : HOURS_OF[period](after.period)[0];
    const groups = [
      PERIOD_SQL[period],
      byTenant ? 'tenant_id' : `''`,
      byLiveStream ? 'live_stream_id' : `''`,
      byProtocol ? 'protocol' : `''`,
    ];
    const [one, two, three, four] = groups;
    return this.database.run((manager) =>
      manager.query<UsageRow[]>(
        `SELECT * FROM (
           SELECT ${one} AS period, ${two} COLLATE "C" AS tenant_id, ${three} COLLATE "C" AS live_stream_id,
             ${four} COLLATE "C" AS protocol, ${usageColumns}
           FROM usage_amounts
           WHERE hour >= $1 AND hour < $2 AND ($3::text IS NULL OR tenant_id = $3)
             AND ($4::text IS NULL OR live_stream_id = $4) AND kind <> 'relay_refusals'
           GROUP BY 1, 2, 3, 4) AS grouped
         WHERE $5::int IS NULL OR (period, tenant_id, live_stream_id, protocol) > ($5, $6, $7, $8)
         ORDER BY period, tenant_id, live_stream_id, protocol LIMIT $9`,
        [
          Math.max(fromHour, first),
          toHour,
          tenantId,
          liveStreamId,
          after?.period ?? null,
          after?.tenant_id ?? '',
          after?.live_stream_id ?? '',
          after?.protocol ?? '',
          limit,
        ],
      ),
    );
  }
}

function questionOf(caller: Principal, query: ExportUsageQuery): Question {
  const { tenantId } = listScope(caller, query.tenant_id);
  const groups = new Set((query.group_by?.split(',') ?? []) as UsageGroup[]);
  const toHour = Math.ceil((query.to === undefined ? Date.now() : Date.parse(query.to)) / HOUR_MS);
  const fromHour =
    query.from === undefined ? toHour - DEFAULT_RANGE_HOURS : Math.floor(Date.parse(query.from) / HOUR_MS);
  return {
    tenantId: tenantId ?? null,
    liveStreamId: query.live_stream_id ?? null,
    fromHour,
    toHour,
    period: USAGE_PERIODS.find((period) => groups.has(period)) ?? 'all',
    byTenant: groups.has('tenant'),
    byLiveStream: groups.has('live_stream'),
    byProtocol: groups.has('protocol'),
  };
}

function writeUsage(row: UsageRow, { period, fromHour, toHour, tenantId }: Question): UsageAnswer {
  const [from, to] = period === 'all' ? [fromHour, toHour] : HOURS_OF[period](row.period);
  return {
    from: new Date(from * HOUR_MS).toISOString(),
    to: new Date(to * HOUR_MS).toISOString(),
    tenant_id: row.tenant_id || tenantId,
    live_stream_id: row.live_stream_id || null,
    protocol: row.protocol || null,
    ...writeUsageNumbers(row),
  };
}

const placeSchema = [
  (value: unknown) => Number.isSafeInteger(value) && Math.abs(value as number) < 2 ** 31,
  (value: unknown) => value === '' || isId(IdPrefix.tenant, String(value)),
  (value: unknown) => value === '' || isId(IdPrefix.liveStream, String(value)),
  (value: unknown) => typeof value === 'string' && /^[a-z0-9_]{0,16}$/.test(value),
];

const sealCursor = ({ period, tenant_id, live_stream_id, protocol }: Place): string =>
  Buffer.from(JSON.stringify([period, tenant_id, live_stream_id, protocol])).toString('base64url');

function openCursor(cursor: string): Place {
  const parts = partsOf(cursor);
  if (parts.length !== placeSchema.length || !placeSchema.every((isValid, i) => isValid(parts[i])))
    throw new ProblemError('invalid_cursor', 'This cursor does not belong to this list.');
  const [period, tenantId, liveStreamId, protocol] = parts as [number, string, string, string];
  return { period, tenant_id: tenantId, live_stream_id: liveStreamId, protocol };
}

function partsOf(cursor: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(parts) ? (parts as unknown[]) : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
