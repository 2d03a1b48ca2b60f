// The message to an encoder that is refused or disconnected: one line of text.
import { PUBLISH_REFUSALS } from '@millrace/domain';
import type { PublishRefusal } from '@millrace/domain';

/** @param detail replaces the sentence of the refusal; must contain nothing that the peer chose */
export const refusalLine = (refusal: PublishRefusal, detail?: string): string =>
  `refused ${refusal} ${detail ?? PUBLISH_REFUSALS[refusal]}\n`;
