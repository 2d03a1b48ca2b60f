import { z } from 'zod';
import { idField } from '../http/fields.ts';
import { QUOTAS, quotaNames } from './quota-names.ts';
import type { QuotaDefinition, QuotaName } from './quota-names.ts';

export const readQuotasQuery = z.strictObject({
  tenant_id: idField('tenant').optional().describe('Required with the operator key.'),
});
export type ReadQuotasQuery = z.infer<typeof readQuotasQuery>;

const limitField = (name: QuotaName) => {
  const { min = 0, max, without, describe }: QuotaDefinition = QUOTAS[name];
  const limit = z.int().min(min).max(max);
  if (without === undefined) return limit.optional().describe(describe);
  const meaning = without === 'unlimited' ? 'unlimited' : 'the default of the server';
  return limit.nullable().optional().describe(`${describe} Null: ${meaning}.`);
};

export const setQuotasBody = z
  .strictObject(
    Object.fromEntries(quotaNames.map((name) => [name, limitField(name)])) as Record<
      QuotaName,
      ReturnType<typeof limitField>
    >,
  )
  .refine((body) => Object.values(body).some((limit) => limit !== undefined), 'must name a quota')
  .meta({ id: 'SetQuotas' });
export type SetQuotasBody = z.infer<typeof setQuotasBody>;

export const quotasAnswer = z
  .strictObject({
    tenant_id: idField('tenant'),
    quotas: z.array(
      z.strictObject({
        name: z.enum(quotaNames).describe(quotaNames.map((name) => `${name}: ${QUOTAS[name].describe}`).join(' ')),
        limit: z.number().nullable().describe('Null: unlimited.'),
        used: z
          .number()
          .nullable()
          .describe(
            'Of quotas that apply to each encoder, relay or gateway, the largest value in the last seconds, what was refused included. ' +
              'Null: not known now.',
          ),
        state: z
          .enum(['ok', 'warning', 'exceeded'])
          .describe('`warning` from 80 %, `exceeded` from 100 % of the limit.'),
      }),
    ),
  })
  .meta({ id: 'Quotas' });
export type QuotasAnswer = z.infer<typeof quotasAnswer>;
