import type { ComponentChildren, JSX } from 'preact';
import type { Versioned } from '../api/console-api.ts';
import { useResource } from '../api/use-resource.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Dialog, FormDialog } from './dialog.tsx';
import { Shown } from './shown.tsx';

interface EditDialogProps<T> {
  readonly title: string;
  /** Of the object. */
  readonly path: string;
  readonly changesIn: (fields: FormData) => object;
  readonly onSaved: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: (data: T) => ComponentChildren;
}

/** Edits an object as it is now, and is refused where another person has changed it in the meantime. */
export function EditDialog<T>({ title, path, changesIn, onSaved, onClose, children }: EditDialogProps<T>): JSX.Element {
  const { api } = useSession();
  const loaded = useResource<Versioned<T>>(path, () => api.getVersion<T>(path));
  if (loaded.data === undefined)
    return (
      <Dialog title={title} onClose={onClose}>
        <div class="dialog-body">
          <Shown loaded={loaded}>{() => null}</Shown>
        </div>
      </Dialog>
    );
  const version = loaded.data;
  return (
    <FormDialog
      title={title}
      submitText={texts.common.save}
      onSubmit={async (fields) => {
        await api.patchVersion(path, changesIn(fields), version);
        await onSaved();
      }}
      onClose={onClose}
    >
      {children(version.data)}
    </FormDialog>
  );
}
