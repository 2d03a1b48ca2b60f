import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TenantStream } from '../api/resources.ts';
import { navigate } from '../routing.tsx';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { ActionButton } from '../ui/action-button.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { EditStreamDialog } from './edit-stream-dialog.tsx';

interface StreamActionsProps {
  readonly stream: TenantStream;
  readonly onChanged: () => Promise<void>;
}

type Asking = 'edit' | 'end' | 'disable' | 'delete';

export function StreamActions({ stream, onChanged }: StreamActionsProps): JSX.Element {
  const { api } = useSession();
  const [asking, setAsking] = useState<Asking>();
  const path = `/v1/live_streams/${stream.id}`;
  const close = (): void => setAsking(undefined);
  const act = async (action: 'enable' | 'disable' | 'end'): Promise<void> => {
    await api.post(`${path}/${action}`);
    await onChanged();
  };
  return (
    <>
      {stream.active_session_id !== null && <Button onClick={() => setAsking('end')}>{texts.stream.end}</Button>}
      {stream.enabled ? (
        <Button onClick={() => setAsking('disable')}>{texts.stream.disable}</Button>
      ) : (
        <ActionButton kind="primary" action={() => act('enable')}>
          {texts.stream.enable}
        </ActionButton>
      )}
      <Button onClick={() => setAsking('edit')}>{texts.stream.edit}</Button>
      <Button kind="quiet" icon="trash" label={texts.stream.delete} onClick={() => setAsking('delete')} />
      {asking === 'edit' && <EditStreamDialog streamId={stream.id} onSaved={onChanged} onClose={close} />}
      {asking === 'end' && (
        <ConfirmDialog
          title={texts.stream.endTitle}
          explanation={texts.stream.endExplanation}
          action={texts.stream.end}
          onConfirm={() => act('end')}
          onClose={close}
        />
      )}
      {asking === 'disable' && (
        <ConfirmDialog
          title={texts.stream.disableTitle}
          explanation={texts.stream.disableExplanation}
          action={texts.stream.disable}
          onConfirm={() => act('disable')}
          onClose={close}
        />
      )}
      {asking === 'delete' && (
        <ConfirmDialog
          title={texts.stream.deleteTitle(stream.name)}
          explanation={texts.stream.deleteExplanation}
          action={texts.stream.delete}
          onConfirm={async () => {
            await api.delete(path);
            navigate('/streams');
          }}
          onClose={close}
        />
      )}
    </>
  );
}
