export { newCertificate, readPem, replaceCertificate } from './certificates.ts';
export { ServiceChild } from './service-child.ts';
export { TraceCollector } from './trace-collector.ts';
export type { CollectedSpan } from './trace-collector.ts';
export { startTestTracing } from './test-tracing.ts';
export type { TestTracing } from './test-tracing.ts';
export { withProviders } from './with-providers.ts';
export { withCalls } from './with-calls.ts';
