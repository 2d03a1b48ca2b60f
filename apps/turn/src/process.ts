// A TURN server as a process of its own: its control plane is NATS.
import type { ClientProxy } from '@nestjs/microservices';
import { createNatsControlClient, natsControlServer, natsInboxPrefix } from '@millrace/control';
import { startMicroservice } from '@millrace/service-kit';
import type { ServiceParts } from '@millrace/service-kit';
import type { TurnProcessSettings } from './settings.ts';
import { TurnModule } from './turn.module.ts';
import { TurnService } from './turn.service.ts';
import type { OpenedPorts } from './worker/worker-messages.ts';

const INBOX_PREFIX = natsInboxPrefix('turn');

export const turnParts: ServiceParts<TurnProcessSettings, { readonly control: ClientProxy }, OpenedPorts> = {
  ports: ({ settings }, undo) => {
    const control = createNatsControlClient({ url: settings.natsUrl, inboxPrefix: INBOX_PREFIX });
    undo.add(() => control.close() as unknown);
    return Promise.resolve({ control });
  },
  module: (options) => TurnModule.register(options),
  start: startMicroservice(({ natsUrl: url }) => natsControlServer({ url, inboxPrefix: INBOX_PREFIX })),
  work: (app) => {
    const service = app.get(TurnService);
    return { leave: () => service.leave(), left: () => service.allocations };
  },
  opened: (app) => app.get(TurnService).ports!,
};
