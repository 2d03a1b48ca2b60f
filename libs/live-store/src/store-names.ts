// What may become part of a key. Everything else, above all what a peer wrote, stays out of the store's name space.
import { isId } from '@millrace/domain';
import type { IdPrefix, PackagerAnnouncement, PublishClaim } from '@millrace/domain';
import type { SessionSample } from './health-series.ts';
import type { ClaimRequest, StandbyReport } from './live-store.ts';
import type { SourceLease, SourceReport } from './source-leases.ts';

const SEGMENT_NAME = /^[a-z0-9][a-z0-9.-]{0,127}$/;
const RECORD_KEY = /^[A-Za-z0-9:._-]{1,256}$/;

/** Longest state of a source, in UTF-16 code units. */
export const MAX_SOURCE_STATE_LENGTH = 2_048;

/** Longest value of a small record, in UTF-16 code units. */
export const MAX_RECORD_LENGTH = 64 * 1024;

/** @throws TypeError when a text is no id of this kind: a fault of the caller, so the text is not repeated */
export function assertId(prefix: IdPrefix, text: string): void {
  if (!isId(prefix, text)) throw new TypeError(`live store: not an id of the kind ${prefix}`);
}

/** @throws TypeError when one of the ids that a claim brings is none */
export function assertClaim(claim: PublishClaim | ClaimRequest): void {
  assertId('ten', claim.tenantId);
  assertId('str', claim.streamId);
  assertId('skey', claim.streamKeyId);
  assertId('ses', 'sessionId' in claim ? claim.sessionId : claim.newSessionId);
}

/** @throws TypeError when one of its ids is none, or when its encoder only waits: with its claim, another publisher would be cut */
export function assertPublishing(claim: PublishClaim): void {
  assertClaim(claim);
  if (claim.standby === true) throw new TypeError('live store: the claim of an encoder that waits');
}

/** @throws TypeError when one of the ids that an encoder that waits brings is none */
export function assertStandby({ claim, newSessionId }: StandbyReport): void {
  assertClaim(claim);
  assertId('ses', newSessionId);
}

/** @throws TypeError when one of the ids that a sample brings is none */
export function assertSample({ tenantId, sessionId }: SessionSample): void {
  assertId('ten', tenantId);
  assertId('ses', sessionId);
}

/** Says whether a text can be the name of a segment: lower-case letters, digits, dots and hyphens, no dot in front. */
export function isSegmentName(text: string): boolean {
  return SEGMENT_NAME.test(text);
}

const CONTENT_TYPE = /^[a-z]+\/[a-z0-9][a-z0-9.+-]{0,63}$/;

/** Says whether a text can be the content type of a segment: a type and a subtype in lower case, without parameters. */
export function isContentType(text: string): boolean {
  return CONTENT_TYPE.test(text);
}

/** @throws TypeError when a record's key has other characters than the port allows */
export function assertRecordKey(key: string): void {
  if (!RECORD_KEY.test(key)) throw new TypeError('live store: not a key of a record');
}

const FEATURE_NAME = /^[a-z0-9-]{1,32}$/;
const MAX_INSTANCE_LENGTH = 256;

/** @throws TypeError when a packager says of itself what could not be told apart */
export function assertPackager({ instanceId, features }: PackagerAnnouncement): void {
  if (instanceId.length === 0 || instanceId.length > MAX_INSTANCE_LENGTH || !features.every(isFeatureName))
    throw new TypeError('live store: not a packager');
}

const isFeatureName = (text: string): boolean => FEATURE_NAME.test(text);

/** @throws RangeError when a record's value is too long */
export function assertRecordValue(value: string): void {
  if (value.length > MAX_RECORD_LENGTH) throw new RangeError('live store: a record is too long');
}

/** @throws TypeError when a lease of a source has an id that is none, or no owner */
export function assertSource({ sourceId, owner }: Pick<SourceLease, 'sourceId' | 'owner'>): void {
  assertId('src', sourceId);
  if (owner.length === 0 || owner.length > MAX_INSTANCE_LENGTH)
    throw new TypeError('live store: not the owner of a source');
}

/** @throws TypeError or RangeError when a report says of a source what cannot be kept */
export function assertSourceReport({ lease, state }: SourceReport): void {
  assertSource(lease);
  if (state.length > MAX_SOURCE_STATE_LENGTH) throw new RangeError('live store: the state of a source is too long');
}
