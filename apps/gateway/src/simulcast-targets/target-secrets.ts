// What of a simulcast target is sealed: the stream key at the other server and, on a second line, who publishes there.
import type { TargetLogin } from '@millrace/control';

export interface TargetSecrets {
  readonly streamKey: string;
  readonly login?: TargetLogin | undefined;
}

/** A stream key contains no line break. */
export const sealedText = ({ streamKey, login }: TargetSecrets): string =>
  login === undefined ? streamKey : `${streamKey}\n${JSON.stringify(login)}`;

export function openedSecrets(text: string): TargetSecrets {
  const at = text.indexOf('\n');
  return at < 0
    ? { streamKey: text }
    : { streamKey: text.slice(0, at), login: JSON.parse(text.slice(at)) as TargetLogin };
}
