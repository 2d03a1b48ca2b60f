// A start in steps, and the stop that follows from it.

type Step = () => unknown;

/** What undoes each step of a start. Running it undoes the newest step first, also after a start that failed half-way. */
export class UndoStack {
  readonly #steps: Step[] = [];

  /** To be undone before all that was added earlier. */
  add(step: Step): void {
    this.#steps.unshift(step);
  }

  /** To be undone after everything else. */
  addLast(step: Step): void {
    this.#steps.push(step);
  }

  /** Each step is taken once, one after the other. @throws what a step throws; a further call goes on behind it */
  async run(): Promise<void> {
    for (let step = this.#steps.shift(); step !== undefined; step = this.#steps.shift()) await step();
  }
}
