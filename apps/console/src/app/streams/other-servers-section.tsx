import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useList } from '../api/use-list.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { ActionButton } from '../ui/action-button.tsx';
import { Badge } from '../ui/badge.tsx';
import type { BadgeTone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DataTable } from '../ui/data-table.tsx';
import type { Column } from '../ui/data-table.tsx';
import { FormDialog, textOf } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Moment } from '../ui/moment.tsx';
import { Section } from '../ui/section.tsx';
import { ShownList } from '../ui/shown.tsx';

const POLL_MS = 3_000;

interface OtherServer {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly enabled: boolean;
  readonly state: string;
  /** Stays while it may still say something. */
  readonly last_error: { readonly message: string; readonly at: string } | null;
}

interface OtherServersSectionProps<T extends OtherServer> {
  readonly path: string;
  readonly mayWrite: boolean;
  readonly words: {
    readonly title: string;
    readonly lead: string;
    readonly empty: string;
    readonly create: string;
    readonly createTitle: string;
    readonly namePlaceholder: string;
    readonly enable: string;
    readonly disable: string;
    readonly delete: string;
    readonly deleteTitle: (name: string) => string;
    readonly deleteExplanation: string;
    readonly since: string;
    readonly lastError: string;
    readonly states: Readonly<Record<T['state'], string>>;
  };
  readonly tones: Readonly<Record<T['state'], BadgeTone>>;
  readonly sinceOf: (server: T) => string | null;
  /** Between state and buttons. */
  readonly column: Column<T>;
  /** Of the form, behind the name. */
  readonly fields: ComponentChildren;
  readonly bodyOf: (fields: FormData) => object;
  /** One was made or deleted. */
  readonly onChanged?: () => void;
}

type Asking<T> = { readonly to: 'create' } | { readonly to: 'delete'; readonly server: T };

/** Servers that a stream comes from, or is also sent to, and how that goes: made, switched and deleted here. */
export function OtherServersSection<T extends OtherServer>(props: OtherServersSectionProps<T>): JSX.Element {
  const { path, mayWrite, words, tones, sinceOf, column, fields, bodyOf, onChanged } = props;
  const { api } = useSession();
  const list = useList<T>(path, {}, POLL_MS);
  const [asking, setAsking] = useState<Asking<T>>();
  const close = (): void => setAsking(undefined);

  const changed = async (): Promise<void> => {
    onChanged?.();
    await list.reload();
  };
  const create = async (form: FormData): Promise<void> => {
    await api.post(path, { name: textOf(form, 'name'), ...bodyOf(form) });
    await changed();
  };
  const change = async ({ id, enabled }: T): Promise<void> => {
    await api.patch(`${path}/${id}`, { enabled: !enabled });
    await list.reload();
  };
  const remove = async ({ id }: T): Promise<void> => {
    await api.delete(`${path}/${id}`);
    await changed();
  };
  const stateOf = (server: T): JSX.Element => {
    const { state, last_error: error } = server;
    const since = sinceOf(server);
    return (
      <>
        <Badge tone={tones[state as T['state']]}>{words.states[state as T['state']]}</Badge>
        {since !== null && (
          <div class="small muted">
            {words.since} <Moment at={since} />
          </div>
        )}
        {error !== null && (
          <div class="small muted wrap">
            {words.lastError} (<Moment at={error.at} />
            ): {error.message}
          </div>
        )}
      </>
    );
  };

  return (
    <Section
      title={words.title}
      lead={words.lead}
      actions={
        mayWrite && (
          <Button icon="plus" onClick={() => setAsking({ to: 'create' })}>
            {words.create}
          </Button>
        )
      }
    >
      <ShownList list={list} empty={<p class="panel muted">{words.empty}</p>}>
        {(servers) => (
          <DataTable
            label={words.title}
            rows={servers}
            keyOf={({ id }) => id}
            columns={[
              {
                title: texts.common.name,
                cell: ({ name, url }) => (
                  <>
                    <strong>{name}</strong>
                    <div class="small muted wrap">{url}</div>
                  </>
                ),
              },
              { title: texts.common.state, cell: stateOf },
              column,
              {
                isAtEnd: true,
                cell: (server) =>
                  mayWrite && (
                    <div class="row-actions">
                      <ActionButton action={() => change(server)}>
                        {server.enabled ? words.disable : words.enable}
                      </ActionButton>
                      <Button onClick={() => setAsking({ to: 'delete', server })}>{words.delete}</Button>
                    </div>
                  ),
              },
            ]}
          />
        )}
      </ShownList>
      {asking?.to === 'create' && (
        <FormDialog title={words.createTitle} submitText={texts.common.create} onSubmit={create} onClose={close}>
          <TextField
            label={texts.common.name}
            name="name"
            placeholder={words.namePlaceholder}
            maxLength={100}
            isRequired
            hasFocus
          />
          {fields}
        </FormDialog>
      )}
      {asking?.to === 'delete' && (
        <ConfirmDialog
          title={words.deleteTitle(asking.server.name)}
          explanation={words.deleteExplanation}
          action={words.delete}
          onConfirm={() => remove(asking.server)}
          onClose={close}
        />
      )}
    </Section>
  );
}
