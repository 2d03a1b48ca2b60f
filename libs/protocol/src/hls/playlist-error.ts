import { ProtocolError } from '../bytes/index.ts';

/** What parsing a playlist throws; formatting throws it too, with line 0, for values that no playlist can hold. */
export class PlaylistError extends ProtocolError {
  /** Counted from 1. */
  readonly line: number;

  constructor(code: string, place: string, line: number, detail: string) {
    super(`hls.${code}`, place, line > 0 ? `line ${line}: ${detail}` : detail);
    this.line = line;
  }
}
