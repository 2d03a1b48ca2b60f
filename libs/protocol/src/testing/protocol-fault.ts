import { ProtocolError } from '../bytes/index.ts';

/** The code of the `ProtocolError` that `act` throws; anything else it throws goes on. For tests. */
export function faultOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}
