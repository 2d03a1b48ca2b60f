// Wiring only: what an edge that pulls has beside its ingest, as providers of its own module.
import type { Provider, Type } from '@nestjs/common';
import { PULL_CONNECTOR } from './pull-connector.ts';
import type { PullConnector } from './pull-connector.ts';
import { PULL_SETTINGS } from './pull-settings.ts';
import type { PullSettings } from './pull-settings.ts';
import { SourcePuller } from './source-puller.ts';

export const pullProviders = (settings: PullSettings, connector: Type<PullConnector>): Provider[] => [
  { provide: PULL_SETTINGS, useValue: settings },
  { provide: PULL_CONNECTOR, useClass: connector },
  SourcePuller,
];
