export { commonSettings, databasePassword } from './config/common-settings.ts';
export { makeFolder } from './config/make-folder.ts';
export { ConfigError } from './config/config-error.ts';
export type { SettingFault } from './config/config-error.ts';
export { defineSettings, variablesOf, variablesThatMayBeEmpty } from './config/define-settings.ts';
export type {
  SettingDefinitions,
  SettingDescription,
  Settings,
  SettingValues,
  ValuesOf,
} from './config/define-settings.ts';
export {
  addressRanges,
  bytes,
  flag,
  list,
  milliseconds,
  port,
  powerOfTwo,
  text,
  url,
  urls,
  wholeNumber,
} from './config/setting-schemas.ts';
export { setting } from './config/setting.ts';
export { warnOfUnknownVariables } from './config/unknown-variables.ts';
export type { PasswordOfAddress, Setting, SettingDefault, SettingOptions } from './config/setting.ts';
export { AdminServer } from './health/admin-server.ts';
export type { AdminServerOptions, DrainDoor } from './health/admin-server.ts';
export { whenAvailable } from './health/when-available.ts';
export type { Dependency } from './health/when-available.ts';
export { Readiness } from './health/readiness.ts';
export type { ReadinessCheck, ReadinessReport } from './health/readiness.ts';
export { contextProviders, LOGGER, METRICS, READINESS, TRACER } from './injection/context-providers.ts';
export type { ContextValues } from './injection/context-providers.ts';
export { tellPodDeletionCost } from './kubernetes/tell-pod-deletion-cost.ts';
export type { PodSettings } from './kubernetes/tell-pod-deletion-cost.ts';
export { MAX_LOG_LINE_BYTES } from './logging/guard-line.ts';
export { createLogger } from './logging/logger.ts';
export type { LogDestination, Logger, LoggerOptions } from './logging/logger.ts';
export { NestLogger } from './logging/nest-logger.ts';
export { memoryLimitBytes } from './memory/memory-limit.ts';
export { watchHandedEvents } from './metrics/handed-events.ts';
export { METRIC_PREFIX, Metrics } from './metrics/metrics.ts';
export type { Counter, Gauge, Histogram, Labels, MetricDescription, MetricsOptions } from './metrics/metrics.ts';
export { OTHER_TENANTS, TenantLabels } from './metrics/tenant-labels.ts';
export { connectionFault } from './outbound/connection-fault.ts';
export { AddressRefused, lookupOf, OutboundAddresses } from './outbound/outbound-addresses.ts';
export type { OutboundAddress } from './outbound/outbound-addresses.ts';
export { retryWaitMs } from './outbound/retry-wait.ts';
export { Drain } from './shutdown/drain.ts';
export type { DrainOptions, DrainReport, DrainWork } from './shutdown/drain.ts';
export { gracePeriodMs } from './shutdown/grace-period.ts';
export type { StopTimes } from './shutdown/grace-period.ts';
export { runServiceProcess } from './shutdown/run-service-process.ts';
export type { ServiceProcessOptions } from './shutdown/run-service-process.ts';
export { ServiceProcess, startMicroservice } from './shutdown/service-process.ts';
export type {
  ServiceContext,
  ServiceParts,
  ServiceProcessContext,
  ServiceSettings,
} from './shutdown/service-process.ts';
export { UndoStack } from './shutdown/undo-stack.ts';
export { runService } from './shutdown/run-service.ts';
export type { ServiceLife } from './shutdown/run-service.ts';
export { AddressRanges, isAddressRange, parseAddressRange } from './connections/address-ranges.ts';
export type { AddressRange } from './connections/address-ranges.ts';
export { checkIntervalMs } from './connections/check-interval.ts';
export { ClientAddresses, FORWARDING_HEADERS } from './connections/client-address.ts';
export type { ClientAddressOptions, ForwardingHeader } from './connections/client-address.ts';
export { ConnectionLimits } from './connections/connection-limits.ts';
export type { ConnectionPlace } from './connections/connection-limits.ts';
export type { ConnectionLimit } from './connections/connection-limits.ts';
export { listenOn } from './connections/listen-on.ts';
export { Lines } from './connections/lines.ts';
export { repeatedHeader } from './connections/repeated-header.ts';
export { SharedPlaces } from './connections/shared-places.ts';
export type { PlaceHolder, PlaceLimits } from './connections/shared-places.ts';
export { peerAddress, peerNetwork, shortenedAddress } from './connections/peer-address.ts';
export { certificateExpiry, CertificateWatcher } from './tls/certificate-watcher.ts';
export type { Certificate, CertificateFiles, FileSetting } from './tls/certificate-watcher.ts';
export { NO_TRACER, traced } from './tracing/tracer.ts';
export type { Span, SpanAttributes, SpanEnd, SpanOptions, Tracer } from './tracing/tracer.ts';
export { startTracing } from './tracing/start-tracing.ts';
export type { Tracing, TracingOptions } from './tracing/start-tracing.ts';
export { readTracingSettings, tracingSettings } from './tracing/tracing-settings.ts';
export type { TracingSettings } from './tracing/tracing-settings.ts';
export { TraceInterceptor } from './tracing/trace-interceptor.ts';
