import type { JSX } from 'preact';
import { texts } from '../texts.ts';
import { Button } from './button.tsx';
import { CopyField } from './copy-field.tsx';
import { Dialog } from './dialog.tsx';

interface SecretDialogProps {
  readonly title: string;
  readonly label: string;
  readonly secret: string;
  /** What it is for, and that it is not shown again. */
  readonly hint: string;
  readonly onClose: () => void;
}

/** Shows a secret that was just made. */
export const SecretDialog = ({ title, label, secret, hint, onClose }: SecretDialogProps): JSX.Element => (
  <Dialog title={title} onClose={onClose}>
    <div class="dialog-body">
      <CopyField label={label} value={secret} hint={hint} />
    </div>
    <div class="dialog-foot">
      <Button kind="primary" onClick={onClose}>
        {texts.common.done}
      </Button>
    </div>
  </Dialog>
);
