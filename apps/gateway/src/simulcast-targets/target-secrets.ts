// What of a simulcast target is sealed: the stream key at the other server and, on a second line, who publishes there.
import type { TargetLogin } from '@millrace/control';

export interface TargetSecrets {
  readonly streamKey: string;
  readonly login?: TargetLogin | undefined;
}

/** A stream key contains no line break. */
export const sealedText = ({ streamKey, login }: TargetSecrets): string =>
  login === undefined ? streamKey : `${streamKey}\n${JSON.stringify(login)}`;

/** @throws when it is not of `sealedText`; the error holds nothing of it */
export function openedSecrets(text: string): TargetSecrets {
  const at = text.indexOf('\n');
  if (at < 0) return { streamKey: text };
  try {
    return { streamKey: text.slice(0, at), login: JSON.parse(text.slice(at)) as TargetLogin };
  } catch {
    throw new Error('these secrets are in no known format');
  }
}
