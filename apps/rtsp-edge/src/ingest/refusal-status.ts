// What an encoder is told when it may not publish.
import { PUBLISH_REFUSALS } from '@millrace/domain';
import type { PublishRefusal } from '@millrace/domain';
import { RtspStatus } from '@millrace/protocol/rtsp';
import type { RtspReply } from '../channel/rtsp-reply.ts';

/** Why a publish ended, and a session reconnects: its edge went away. */
export const DRAINED = 'drained';

/** Forbidden: this key will not work. The others: not now. */
const STATUS: Partial<Record<PublishRefusal, RtspStatus>> = {
  already_publishing: RtspStatus.notEnoughBandwidth,
  backup_waiting: RtspStatus.notEnoughBandwidth,
  quota: RtspStatus.notEnoughBandwidth,
  limit_exceeded: RtspStatus.notEnoughBandwidth,
  unsupported_codec: RtspStatus.unsupportedMediaType,
  draining: RtspStatus.unavailable,
  unavailable: RtspStatus.unavailable,
  authorizer_unavailable: RtspStatus.unavailable,
};

/** @param detail replaces the sentence of the refusal; must hold nothing that the peer chose */
export const refusalReply = (refusal: PublishRefusal, detail?: string): RtspReply => ({
  status: STATUS[refusal] ?? RtspStatus.forbidden,
  reason: detail ?? PUBLISH_REFUSALS[refusal],
  thenClose: refusal,
});
