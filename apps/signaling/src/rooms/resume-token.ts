// What a client shows to resume: who it is, and a secret of which the store has the hash.
import { createHash, randomBytes } from 'node:crypto';
import { IdPrefix, isId } from '@millrace/domain';

const SECRET_BYTES = 32;

export interface ResumeToken {
  readonly participantId: string;
  readonly secret: string;
}

export function newResumeSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

export function hashResumeSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

export function formatResumeToken({ participantId, secret }: ResumeToken): string {
  return `${participantId}.${secret}`;
}

/** @returns undefined when the text is not of this form */
export function parseResumeToken(text: string): ResumeToken | undefined {
  const dot = text.indexOf('.');
  const [participantId, secret] = [text.slice(0, dot), text.slice(dot + 1)];
  return dot > 0 && isId(IdPrefix.participant, participantId) && secret !== '' ? { participantId, secret } : undefined;
}
