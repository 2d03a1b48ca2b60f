// What a message about relay credentials must look like before it has any effect.
import { IdPrefix, isRelaySubject, parseRelayUsername } from '@millrace/domain';
import { z } from 'zod';
import { count, id, instanceId } from '../schema-fields.ts';
import { RELAY_REFUSALS } from './relay-messages.ts';
import type { AuthorizeRelay, AuthorizeRelayAnswer, RelayLimits, RelayUsage, RevokeRelay } from './relay-messages.ts';

/** A keyed hash in base64: 44 characters with SHA-256. */
const MAX_PASSWORD_LENGTH = 128;
/** More signing keys than a tenant may have in force, also when its limit was lowered. */
const MAX_PASSWORDS = 100;
const MAX_ALLOCATION_NAME_LENGTH = 128;

export const relaySubject = z.string().refine(isRelaySubject, 'not letters, digits, _ and -');

const relayLimits: z.ZodType<RelayLimits> = z.object({
  maxAllocations: count,
  maxAllocationsPerUser: count,
  maxBitsPerSecond: count,
  maxBitsPerSecondPerAllocation: count,
});

export const authorizeRelaySchema: z.ZodType<AuthorizeRelay> = z.object({
  username: z.string().refine((text) => parseRelayUsername(text) !== undefined, 'not expiry:tenant:subject'),
  turnId: instanceId,
});

export const authorizeRelayAnswerSchema: z.ZodType<AuthorizeRelayAnswer> = z.discriminatedUnion('granted', [
  z.object({
    granted: z.literal(true),
    tenantId: id(IdPrefix.tenant),
    subject: relaySubject,
    expiresAtMs: count,
    passwords: z.array(z.string().min(1).max(MAX_PASSWORD_LENGTH)).min(1).max(MAX_PASSWORDS),
    limits: relayLimits,
  }),
  z.object({ granted: z.literal(false), refusal: z.enum(RELAY_REFUSALS) }),
]);

/** JSON leaves out what is undefined; the transform puts it back. */
export const revokeRelaySchema: z.ZodType<RevokeRelay> = z
  .object({ tenantId: id(IdPrefix.tenant), subject: relaySubject.optional() })
  .transform(({ tenantId, subject }) => ({ tenantId, subject }));

export const relayUsageSchema: z.ZodType<RelayUsage> = z.object({
  tenantId: id(IdPrefix.tenant),
  subject: relaySubject,
  turnId: instanceId,
  allocation: z.string().min(1).max(MAX_ALLOCATION_NAME_LENGTH),
  fromMs: count,
  toMs: count,
  sentBytes: count,
  sentPackets: count,
  receivedBytes: count,
  receivedPackets: count,
  final: z.boolean(),
});
