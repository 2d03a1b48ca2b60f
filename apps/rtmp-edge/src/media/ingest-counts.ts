export { IngestCounts } from '@millrace/ingest';
