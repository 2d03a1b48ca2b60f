// The name of the stream and how many watch it.

export interface StreamInfo {
  readonly name: string | undefined;
  readonly viewers: number;
}

/** @returns undefined when it cannot be told now */
export async function loadStreamInfo(url: string): Promise<StreamInfo | undefined> {
  try {
    const answer = await fetch(url, { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(10_000) });
    return answer.ok ? readStreamInfo(await answer.json()) : undefined;
  } catch {
    return undefined;
  }
}

export function readStreamInfo(answer: unknown): StreamInfo | undefined {
  const { name, viewers } = (answer ?? {}) as { name?: unknown; viewers?: unknown };
  if (typeof viewers !== 'number') return undefined;
  return { name: typeof name === 'string' && name !== '' ? name : undefined, viewers };
}

export const viewersText = (viewers: number): string =>
  `${viewers.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 })} watching`;
