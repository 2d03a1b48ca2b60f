import type { JSX } from 'preact';
import { FormDialog } from './dialog.tsx';

interface ConfirmDialogProps {
  readonly title: string;
  /** What it brings about. */
  readonly explanation: string;
  readonly action: string;
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
}

/** Asks before something that others notice, or that cannot be undone. */
export const ConfirmDialog = ({ title, explanation, action, onConfirm, onClose }: ConfirmDialogProps): JSX.Element => (
  <FormDialog title={title} submitText={action} isDanger onSubmit={onConfirm} onClose={onClose}>
    <p>{explanation}</p>
  </FormDialog>
);
