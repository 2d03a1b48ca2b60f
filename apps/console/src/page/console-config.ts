// What the server says to its pages.

export interface ConsoleConfig {
  /** Where the signaling service answers. */
  readonly signalingUrl: string;
}

const PATH = '/assets/console/config.json';

/** @throws when the server cannot be reached, or runs no rooms */
export async function loadConsoleConfig(): Promise<ConsoleConfig> {
  const answer = await fetch(PATH, { cache: 'no-store' });
  if (!answer.ok) throw new Error(`${PATH}: ${answer.status}`);
  const { signaling_url: signalingUrl } = (await answer.json()) as { signaling_url?: unknown };
  if (typeof signalingUrl !== 'string') throw new Error(`${PATH} names no signaling service`);
  return { signalingUrl };
}
