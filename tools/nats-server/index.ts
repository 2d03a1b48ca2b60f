export {
  ensureNatsServer,
  findNatsServer,
  isAtLeast,
  NATS_SERVER_ADVICE,
  NATS_SERVER_BIN,
  NATS_SERVER_VERSION,
  pathWithNatsServer,
  requireNatsServer,
  versionIn,
} from './nats-server.ts';
