// How a request travels on a shared bus: readable by gateways alone, its answer by the asker alone.
import { z } from 'zod';

export const SealSubject = {
  /** Request, any service → gateway: which public key are requests sealed to now? */
  gatewayKey: 'millrace.ctl.seal.key',
} as const;

/** On which subject the sealed form of a request is sent; the clear form keeps the plain one. */
export const sealedSubject = (subject: string): string => `${subject}.sealed`;

/** What a gateway answers about its public key. */
export interface GatewayKey {
  /** Names the key. */
  readonly id: string;
  /** X25519, 32 bytes in base64url. */
  readonly key: string;
  /** The gateway's clock, in milliseconds since 1970: requests are dated by it, so that askers' clocks do not matter. */
  readonly nowMs: number;
  /** How long to seal to this key before asking again, in milliseconds. */
  readonly useForMs: number;
}

export interface SealedRequest {
  /** The id of the gateway's key. */
  readonly to: string;
  /** The asker's public key, made for this request alone. It also tells a repetition. */
  readonly from: string;
  /** The request and when it was sent, encrypted. */
  readonly box: string;
}

/** What is in the box of a request. */
export interface DatedRequest {
  /** By the gateway's clock, in milliseconds since 1970. */
  readonly atMs: number;
  readonly data: unknown;
}

const SEAL_REFUSALS = ['unknown_key', 'stale', 'repeated', 'busy', 'unreadable'] as const;
/** Why a gateway did not open a request. */
export type SealRefusal = (typeof SEAL_REFUSALS)[number];

export type SealedAnswer = { readonly box: string } | { readonly refusal: SealRefusal };

const KEY_TEXT_LENGTH = 43;
const MAX_KEY_ID_LENGTH = 32;
/** A request carries at most a join token; base64 and encryption add a little over a third. */
const MAX_BOX_LENGTH = 64 * 1024;

const keyText = z.string().length(KEY_TEXT_LENGTH);
const keyId = z.string().min(1).max(MAX_KEY_ID_LENGTH);

export const gatewayKeySchema: z.ZodType<GatewayKey> = z.object({
  id: keyId,
  key: keyText,
  nowMs: z.int().min(0),
  useForMs: z.int().min(0),
});

export const sealedRequestSchema: z.ZodType<SealedRequest> = z.object({
  to: keyId,
  from: keyText,
  box: z.string().max(MAX_BOX_LENGTH),
});

export const datedRequestSchema = z.object({ atMs: z.number(), data: z.unknown() });

export const sealedAnswerSchema: z.ZodType<SealedAnswer> = z.union([
  z.object({ box: z.string() }),
  z.object({ refusal: z.enum(SEAL_REFUSALS) }),
]);
