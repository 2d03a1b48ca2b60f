import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiFailure } from '../api/console-api.ts';
import { texts } from '../texts.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { FailureNotice } from './failure-notice.tsx';
import type { IconName } from './icon.tsx';

interface ActionButtonProps {
  readonly kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  readonly icon?: IconName;
  readonly action: () => Promise<void>;
  readonly children: ComponentChildren;
}

/** Does something at once, and says why that failed. */
export function ActionButton({ action, children, ...button }: ActionButtonProps): JSX.Element {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiFailure>();
  const run = async (): Promise<void> => {
    setBusy(true);
    try {
      await action();
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button {...button} isBusy={isBusy} onClick={() => void run()}>
        {children}
      </Button>
      {failure !== undefined && (
        <Dialog title={texts.failure.dialog} onClose={() => setFailure(undefined)}>
          <div class="dialog-body">
            <FailureNotice failure={failure} />
          </div>
        </Dialog>
      )}
    </>
  );
}
