export { NatsServer, startNatsServer } from './nats-server.ts';
export type { NatsServerOptions } from './nats-server.ts';
