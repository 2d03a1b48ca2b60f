// What services hand over to gateways to be recorded: how much each tenant has used.
import { IdPrefix, MEASURED_QUOTAS, USAGE_KINDS } from '@millrace/domain';
import type { QuotaReading, UsageKind } from '@millrace/domain';
import { z } from 'zod';
import { id, protocol } from '../schema-fields.ts';

export const UsageSubject = {
  /** Request, any service → gateway: record these amounts. */
  reportUsage: 'millrace.ctl.usage.report',
} as const;

/** So many amounts fit into one sealed request, or as many readings. */
export const MAX_REPORTED_AMOUNTS = 150;

/** An amount counted by one process in one hour: all of it, not what was added since the last report. */
export interface UsageAmount {
  readonly tenantId: string;
  readonly streamId?: string | undefined;
  /** Hours since 1970. */
  readonly hour: number;
  readonly kind: UsageKind;
  readonly protocol?: string | undefined;
  readonly amount: number;
}

export interface UsageReport {
  /** Names the process that counted, from its start to its end: a UUID. */
  readonly source: string;
  readonly amounts: readonly UsageAmount[];
  /** Of now: they are not reported again. */
  readonly readings?: readonly QuotaReading[] | undefined;
}

/** `recorded`: PostgreSQL has it. Otherwise it is reported again. */
export interface UsageReportAnswer {
  readonly recorded: boolean;
}

const usageAmountSchema: z.ZodType<UsageAmount> = z.object({
  tenantId: id(IdPrefix.tenant),
  streamId: id(IdPrefix.liveStream).optional(),
  hour: z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
  kind: z.enum(Object.keys(USAGE_KINDS) as [UsageKind, ...UsageKind[]]),
  protocol: protocol.optional(),
  amount: z.number().min(0),
});

const quotaReadingSchema: z.ZodType<QuotaReading> = z.object({
  tenantId: id(IdPrefix.tenant),
  quota: z.enum(MEASURED_QUOTAS),
  used: z.number().min(0),
});

export const usageReportSchema: z.ZodType<UsageReport> = z.object({
  source: z.uuid(),
  amounts: z.array(usageAmountSchema).max(MAX_REPORTED_AMOUNTS),
  readings: z.array(quotaReadingSchema).max(MAX_REPORTED_AMOUNTS).optional(),
});

export const usageReportAnswerSchema: z.ZodType<UsageReportAnswer> = z.object({ recorded: z.boolean() });
