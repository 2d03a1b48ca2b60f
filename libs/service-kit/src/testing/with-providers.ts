// A module of which a test replaces parts.
import type { DynamicModule, Provider } from '@nestjs/common';

/** The same module with these providers: Nest takes the last one of each token. */
export const withProviders = (module: DynamicModule, ...providers: Provider[]): DynamicModule => ({
  ...module,
  providers: [...(module.providers ?? []), ...providers],
});
