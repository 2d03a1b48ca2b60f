// Settings come from the environment, are checked once at start, and are plain typed values from then on.
import { ConfigError } from './config-error.ts';
import type { SettingFault } from './config-error.ts';
import { withPassword } from './password-of-address.ts';
import { fileVariable, SecretFault, secretText } from './secret-text.ts';
import type { Environment } from './secret-text.ts';
import type { Setting } from './setting.ts';

export type SettingDefinitions = Readonly<Record<string, Setting<unknown>>>;

/** The validated values that these definitions describe. */
export type SettingValues<D extends SettingDefinitions> = {
  readonly [K in keyof D]: D[K] extends Setting<infer T> ? T : never;
};

/** One line of `.env.example`. */
export interface SettingDescription {
  readonly variable: string;
  /** The default as text; empty when there is none, or when it is made at start. */
  readonly defaultText: string;
  readonly description: string;
  /** Whether the variable with `_FILE` behind its name may name a file that holds it. */
  readonly secret: boolean;
}

export interface Settings<D extends SettingDefinitions> {
  readonly definitions: D;
  /**
   * Reads and checks every setting. A variable that is not set has its default; one that is set to nothing too, save for lists
   * where that means none.
   *
   * @throws ConfigError naming each wrong variable
   */
  parse(env: Environment): SettingValues<D>;
  /** Every setting with its default, in the order of definition. */
  list(): SettingDescription[];
}

/** The values type of a `defineSettings` result: `type EdgeSettings = ValuesOf<typeof edgeSettings>`. */
export type ValuesOf<S> = S extends Settings<infer D> ? SettingValues<D> : never;

function faultOf(issues: readonly { readonly message: string }[]): string {
  return issues.map((issue) => issue.message).join('; ');
}

/** Gathers the settings of a service. Definitions of several services may be spread into one. */
export function defineSettings<D extends SettingDefinitions>(definitions: D): Settings<D> {
  return {
    definitions,
    parse(env) {
      const faults: SettingFault[] = [];
      const values: Record<string, unknown> = {};
      for (const [name, definition] of Object.entries(definitions)) {
        const { variable, schema, default: fallback } = definition;
        const text = textOf(definition, env, faults);
        if (text === undefined) {
          values[name] = typeof fallback === 'function' ? (fallback as () => unknown)() : fallback;
          continue;
        }
        const result = schema.safeParse(text);
        if (result.success) values[name] = result.data;
        else faults.push({ variable, fault: faultOf(result.error.issues) });
      }
      if (faults.length > 0) throw new ConfigError(faults);
      return Object.freeze(values) as SettingValues<D>;
    },
    list() {
      return Object.values(definitions).flatMap(describe);
    },
  };
}

/** Its value in the environment; undefined when it is absent or invalid. */
function textOf(definition: Setting<unknown>, env: Environment, faults: SettingFault[]): string | undefined {
  const { variable, secret, password, emptyIsNone, default: fallback } = definition;
  try {
    if (emptyIsNone && env[variable] === '') return '';
    const text = secret ? secretText(env, variable) : env[variable] || undefined;
    const address = text ?? (typeof fallback === 'string' ? fallback : undefined);
    if (password === undefined || address === undefined) return text;
    return withPassword(address, env, password);
  } catch (error) {
    if (!(error instanceof SecretFault)) throw error;
    faults.push({ variable: error.variable, fault: error.message });
    return undefined;
  }
}

/** The variables that mean something when they are set to nothing. */
export function variablesThatMayBeEmpty(definitions: SettingDefinitions): ReadonlySet<string> {
  const all = Object.values(definitions).filter(({ emptyIsNone }) => emptyIsNone);
  return new Set(all.map(({ variable }) => variable));
}

function describe(definition: Setting<unknown>): SettingDescription[] {
  const { variable, default: fallback, description, secret = false, password } = definition;
  const own = { variable, defaultText: isText(fallback) ? String(fallback) : '', description, secret };
  if (password === undefined) return [own];
  return [own, { variable: password.variable, defaultText: '', description: password.description, secret: true }];
}

/** Every variable that may hold this setting. */
export const variablesOf = ({ variable, secret }: SettingDescription): readonly string[] =>
  secret ? [variable, fileVariable(variable)] : [variable];

const isText = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
