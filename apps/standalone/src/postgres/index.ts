export { embeddedBinaries, systemBinaries } from './postgres-binaries.ts';
export type { PostgresBinaries } from './postgres-binaries.ts';
export { freePort } from './free-port.ts';
export { PostgresError } from './postgres-error.ts';
export { PostgresServer } from './postgres-server.ts';
export type { PostgresOptions } from './postgres-server.ts';
export { waitUntil } from './wait-until.ts';
