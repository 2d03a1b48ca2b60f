// One setting: its variable, the schema that checks it, what holds when it is not set, and a sentence for people.
import type { z } from 'zod';

/** What a setting may default to: a value, a function that makes one, or nothing. Defaults are not checked. */
export type SettingDefault<T> = T | (() => T);

/** A variable whose value goes into the addresses of another one, so that an address can be shown and its password not. */
export interface PasswordOfAddress {
  readonly variable: string;
  readonly description: string;
  /** Whether a password means nothing where the address names no user. */
  readonly needsUser: boolean;
}

export interface SettingOptions {
  /** May also be given as the path of a file that holds it, in the variable with `_FILE` behind its name. */
  readonly secret?: boolean;
  readonly password?: PasswordOfAddress;
  /** A list: the variable set to nothing is an empty one, not the default. */
  readonly emptyIsNone?: boolean;
}

export interface Setting<T> extends SettingOptions {
  /** The environment variable, such as `MILLRACE_RTMP_PORT`. The unit is part of the name: `_MS`, `_BYTES`. */
  readonly variable: string;
  /** Checks the text of the variable and turns it into the value. */
  readonly schema: z.ZodType<T>;
  readonly default: SettingDefault<T>;
  /** A sentence that says what it does, for `.env.example`. */
  readonly description: string;
}

/** Describes one setting; `defineSettings` gathers them. */
export function setting<Schema extends z.ZodType>(
  variable: string,
  schema: Schema,
  defaultValue: SettingDefault<z.output<Schema>>,
  description: string,
  options: SettingOptions = {},
): Setting<z.output<Schema>> {
  return {
    variable,
    schema: schema as z.ZodType<z.output<Schema>>,
    default: defaultValue,
    description,
    ...options,
  };
}
