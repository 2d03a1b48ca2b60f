// Whether this process should be given new work. Whether it is alive is another question, and depends on nothing outside.

/** Returns `true`, or why not, as text without secrets. Must be cheap: it is called at each probe. */
export type ReadinessCheck = () => true | string;

export interface ReadinessReport {
  readonly ready: boolean;
  /** Each check with `ok` or the reason. */
  readonly checks: Readonly<Record<string, string>>;
}

export class Readiness {
  readonly #checks = new Map<string, ReadinessCheck>();
  #stopping = false;

  /** Adds a check. @returns removes it */
  add(name: string, check: ReadinessCheck): () => void {
    this.#checks.set(name, check);
    return () => void this.#checks.delete(name);
  }

  /**
   * Not ready until all is started: a service has no check yet that could fail, and answers no requests.
   *
   * @returns call it when the service listens
   */
  starting(): () => void {
    return this.add('process', () => 'starting');
  }

  /** From now on not ready: the first step of a graceful stop. */
  stopping(): void {
    this.#stopping = true;
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  report(): ReadinessReport {
    const checks: Record<string, string> = {};
    let ready = !this.#stopping;
    if (this.#stopping) checks['process'] = 'stopping';
    for (const [name, check] of this.#checks) {
      const answer = check();
      checks[name] = answer === true ? 'ok' : answer;
      if (answer !== true) ready = false;
    }
    return { ready, checks };
  }
}
