export type { DropReason, MediaObserver } from '@millrace/ingest';
