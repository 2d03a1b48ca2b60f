// One check of the diagnosis: what was found and, where it is not as it should be, what to do.

export interface CheckResult {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail' | 'skip';
  readonly found: string;
  readonly advice?: string;
}

/** How long each check may wait for anything. */
export const CHECK_TIMEOUT_MS = 5_000;

export const ok = (name: string, found: string): CheckResult => ({ name, state: 'ok', found });
export const skip = (name: string, found: string): CheckResult => ({ name, state: 'skip', found });
export const warn = (name: string, found: string, advice: string): CheckResult => ({
  name,
  state: 'warn',
  found,
  advice,
});
export const fail = (name: string, found: string, advice: string): CheckResult => ({
  name,
  state: 'fail',
  found,
  advice,
});

/** @throws DOMException named TimeoutError when it takes longer than a check may */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new DOMException('no answer', 'TimeoutError')), CHECK_TIMEOUT_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
