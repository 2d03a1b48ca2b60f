// What the server says to its pages.

export interface ConsoleConfig {
  /** Where the signaling service answers. */
  readonly signalingUrl: string;
}

/** The server was reached, and runs no rooms: asking again changes nothing. */
export class NoSignalingService extends Error {
  override readonly name = 'NoSignalingService';
}

const PATH = '/assets/console/config.json';
const TOO_MANY_REQUESTS = 429;

/** @throws NoSignalingService, or another error when the server cannot be reached now */
export async function loadConsoleConfig(): Promise<ConsoleConfig> {
  const answer = await fetch(PATH, { cache: 'no-store' });
  if (!answer.ok) {
    const refused = answer.status < 500 && answer.status !== TOO_MANY_REQUESTS;
    throw new (refused ? NoSignalingService : Error)(`${PATH}: ${answer.status}`);
  }
  const { signaling_url: signalingUrl } = (await answer.json()) as { signaling_url?: unknown };
  if (typeof signalingUrl !== 'string') throw new NoSignalingService(`${PATH} names no signaling service`);
  return { signalingUrl };
}
