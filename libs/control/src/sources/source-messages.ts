// What edges and gateways say to each other about sources: streams that are pulled from elsewhere.
import { IdPrefix } from '@millrace/domain';
import { z } from 'zod';
import { count, id, instanceId, protocol } from '../schema-fields.ts';
import { MAX_SOURCE_ERROR_LENGTH } from './source-state.ts';

export const SourceSubject = {
  /** Request, edge → gateway: which sources shall this edge pull, beside those that it does? */
  takeSources: 'millrace.ctl.sources.take',
  /** Event, gateway → edges: a source was made, changed or deleted. */
  sourceChanged: 'millrace.ctl.sources.changed',
} as const;

/** What edges hand over of sources: kept until a gateway has written it. */
export const SourceEvent = {
  /** Media of a source flows, or no longer does, or could not be had. */
  state: 'sources.state',
} as const;

export const SOURCE_STATE_CHANGES = ['connected', 'disconnected', 'failed'] as const;

/** Bounds on what one message holds. */
export const SOURCE_LIMITS = {
  /** Sources that one edge holds. */
  maxHeld: 4_096,
  /** Sources that one answer gives. */
  maxTaken: 16,
  maxUrlLength: 2_000,
  /** Of a user name, and of a password. */
  maxCredentialLength: 256,
  /** How long a lease lasts without being renewed; edges renew three times in it. */
  leaseMs: 2_000,
} as const;

/** A source that an edge holds the lease of. */
export interface SourceRevision {
  readonly sourceId: string;
  /** Grows with each change of the source. */
  readonly revision: number;
}

export interface TakeSources {
  readonly edgeId: string;
  /** The schemes of addresses that this edge pulls. */
  readonly protocols: readonly string[];
  readonly held: readonly SourceRevision[];
  /** How many sources it takes besides: none while it stops. */
  readonly free: number;
  /** How many of the sources that it holds may be of one tenant. */
  readonly maxPerTenant: number;
}

/** A source whose lease the edge holds from now on, with all that it needs to pull it. */
export interface TakenSource extends SourceRevision {
  /** Of the lease: the edge renews and releases it. */
  readonly token: number;
  readonly tenantId: string;
  readonly streamId: string;
  readonly streamKeyId: string;
  /** The stream key that it publishes with. */
  readonly key: string;
  /** Without credentials. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface TakeSourcesAnswer {
  readonly taken: readonly TakenSource[];
  /** Those of `held` that were changed, disabled or deleted: the edge gives them back. */
  readonly dropped: readonly string[];
  /** There is no source in the whole installation; absent where a gateway does not say so. The edge is told when one is made. */
  readonly none?: boolean | undefined;
}

export interface SourceChanged {
  readonly sourceId: string;
}

/** What has become of a source that an edge pulls. */
export interface SourceStateChanged {
  readonly tenantId: string;
  readonly streamId: string;
  readonly sourceId: string;
  /** Of the lease under which it was pulled. */
  readonly token: number;
  readonly change: (typeof SOURCE_STATE_CHANGES)[number];
  /** Why, for the tenant; absent for `connected`. */
  readonly message?: string | undefined;
  readonly atMs: number;
}

const sourceId = id(IdPrefix.ingestSource);

export const takeSourcesSchema: z.ZodType<TakeSources> = z.object({
  edgeId: instanceId,
  protocols: z.array(protocol).max(16),
  held: z.array(z.object({ sourceId, revision: count })).max(SOURCE_LIMITS.maxHeld),
  free: count,
  maxPerTenant: count,
});

const credential = z
  .string()
  .max(SOURCE_LIMITS.maxCredentialLength)
  .regex(/^\P{Cc}*$/u, 'a control character');

/** Gateways check each source that they give: one that does not fit would cost the edge the whole answer. */
export const takenSourceSchema: z.ZodType<TakenSource> = z.object({
  sourceId,
  revision: count,
  token: count,
  tenantId: id(IdPrefix.tenant),
  streamId: id(IdPrefix.liveStream),
  streamKeyId: id(IdPrefix.streamKey),
  key: z.string().max(256),
  url: z.string().max(SOURCE_LIMITS.maxUrlLength),
  username: credential.optional(),
  password: credential.optional(),
});

export const takeSourcesAnswerSchema: z.ZodType<TakeSourcesAnswer> = z.object({
  taken: z.array(takenSourceSchema).max(SOURCE_LIMITS.maxTaken),
  dropped: z.array(sourceId).max(SOURCE_LIMITS.maxHeld),
  none: z.boolean().optional(),
});

export const sourceStateChangedSchema: z.ZodType<SourceStateChanged> = z.object({
  tenantId: id(IdPrefix.tenant),
  streamId: id(IdPrefix.liveStream),
  sourceId,
  token: count,
  change: z.enum(SOURCE_STATE_CHANGES),
  message: z.string().max(MAX_SOURCE_ERROR_LENGTH).optional(),
  atMs: count,
});

export const sourceChangedSchema: z.ZodType<SourceChanged> = z.object({ sourceId });
