// So many at once for each of many; the others queue, without holding anything that others need.

interface Line {
  active: number;
  readonly waiting: (() => void)[];
}

export class Lines {
  readonly #atOnce: number;
  readonly #maxWaiting: number;
  readonly #lines = new Map<string, Line>();

  constructor(atOnce: number, maxWaiting: number) {
    this.#atOnce = atOnce;
    this.#maxWaiting = maxWaiting;
  }

  /** Waits for a place. @returns a function that releases it once; undefined when too many are waiting */
  async enter(name: string): Promise<(() => void) | undefined> {
    let line = this.#lines.get(name);
    if (line === undefined) this.#lines.set(name, (line = { active: 0, waiting: [] }));
    if (line.active < this.#atOnce) line.active++;
    else if (line.waiting.length >= this.#maxWaiting) return undefined;
    else {
      const { waiting } = line;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    let held = true;
    return () => {
      if (held) this.#leave(name, line);
      held = false;
    };
  }

  #leave(name: string, line: Line): void {
    const next = line.waiting.shift();
    if (next !== undefined) return next();
    line.active--;
    if (line.active === 0) this.#lines.delete(name);
  }
}
