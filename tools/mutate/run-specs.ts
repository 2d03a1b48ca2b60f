// Runs spec files in this process's Vitest, with a mutant in place of what it changes. The text is swapped as modules are
// loaded: the working tree stays as it is.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createVitest } from 'vitest/node';
import type { TestModule, Vitest } from 'vitest/node';
import { applyMutant, MutantError } from './mutant.ts';
import type { Mutant } from './mutant.ts';

/** Shorter than in the test run: a mutant often shows as a condition that is never met. */
const POLL_MS = 10_000;
const TEST_MS = 30_000;
const HOOK_MS = 60_000;

export interface SpecOutcome {
  /** What failed: the names of tests, or errors outside of them. */
  readonly failures: readonly string[];
}

/**
 * @param root of the workspace
 * @param specs paths below it
 * @throws MutantError when the mutant does not fit its file, no spec loads that file, or a spec no longer loads
 */
export async function runSpecs(root: string, specs: readonly string[], mutant?: Mutant): Promise<SpecOutcome> {
  const subject = mutant ?? { name: 'without any mutant' };
  const gone = specs.find((spec) => !existsSync(join(root, spec)));
  if (gone !== undefined) throw new MutantError(subject, `there is no ${gone}`);
  let applied = false;
  let misfit: MutantError | undefined;
  const file = mutant && join(root, mutant.file);
  const swap = {
    name: 'millrace:mutant',
    enforce: 'pre' as const,
    transform(code: string, id: string): string | undefined {
      if (mutant === undefined || id.split('?', 1)[0] !== file) return undefined;
      try {
        const changed = applyMutant(mutant, code);
        applied = true;
        return changed;
      } catch (error) {
        if (error instanceof MutantError) misfit = error;
        throw error;
      }
    },
  };
  const options = {
    root,
    config: join(root, 'vitest.config.ts'),
    watch: false,
    run: true,
    bail: 1,
    maxWorkers: 1,
    reporters: [{}],
    testTimeout: TEST_MS,
    hookTimeout: HOOK_MS,
    expect: { poll: { timeout: POLL_MS } },
    // What was transformed before would be taken from there, without the mutant.
    fsModuleCache: false,
  };
  const vitest = await createVitest(options, { plugins: [swap] });
  try {
    await vitest.start(specs.map((spec) => join(root, spec)));
    if (misfit !== undefined) throw misfit;
    const modules = vitest.state.getTestModules();
    const failed = modules.flatMap((module) => [...module.children.allTests('failed')].map(({ fullName }) => fullName));
    if (mutant !== undefined && failed.length > 0 && applied) return { failures: failed };
    // Behind a test that fails files are left out; here none has failed.
    const broken = modules.find((module) => [...module.children.allTests()].length === 0);
    if (broken) throw new MutantError(subject, `${broken.relativeModuleId} does not load: ${firstError(broken)}`);
    if (mutant !== undefined && !applied) throw new MutantError(mutant, `no spec of it loads ${mutant.file}`);
    return { failures: failed.length > 0 ? failed : errorsOf(vitest) };
  } finally {
    await vitest.close();
    // Vitest sets it for the failures it has seen; here they are what is wanted.
    process.exitCode = 0;
  }
}

const firstError = (module: TestModule): string => module.errors()[0]?.message ?? 'it has no tests';

/** What failed outside of tests: in hooks, or with nothing waiting for it. */
function errorsOf(vitest: Vitest): string[] {
  const hooks = vitest.state
    .getTestModules()
    .filter((module) => module.state() === 'failed')
    .map((module) => `${module.relativeModuleId}: ${firstError(module)}`);
  return [...hooks, ...vitest.state.getUnhandledErrors().map((error) => (error as Error).message)];
}
