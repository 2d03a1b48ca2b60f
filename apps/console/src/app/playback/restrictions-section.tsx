import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PlaybackRestriction } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { useSession } from '../session-context.tsx';
import { TenantField, tenantIn } from '../shell/tenant-field.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DataTable, nameColumn } from '../ui/data-table.tsx';
import { FormDialog, listOf, textOf } from '../ui/dialog.tsx';
import { EditDialog } from '../ui/edit-dialog.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ChoiceField, TextAreaField, TextField } from '../ui/field.tsx';
import { Section } from '../ui/section.tsx';
import { ShownList } from '../ui/shown.tsx';

type Asking = { readonly to: 'create' } | { readonly to: 'edit' | 'delete'; readonly restriction: PlaybackRestriction };

/** What a restriction lists, as the API names it. */
const LISTS = [
  'allowed_origins',
  'allowed_addresses',
  'allowed_countries',
  'denied_countries',
  'denied_user_agents',
] as const;

/** Where tokens that name them work. */
export function RestrictionsSection(): JSX.Element {
  const { api, tenantId, may } = useSession();
  const list = useList<PlaybackRestriction>('/v1/playback_restrictions', { tenant_id: tenantId });
  const [asking, setAsking] = useState<Asking>();
  const close = (): void => setAsking(undefined);
  const mayWrite = may('playback:write');
  return (
    <Section
      title={texts.restrictions.title}
      lead={texts.restrictions.lead}
      actions={
        mayWrite && (
          <Button icon="plus" onClick={() => setAsking({ to: 'create' })}>
            {texts.restrictions.create}
          </Button>
        )
      }
    >
      <ShownList
        list={list}
        empty={
          <EmptyState
            icon="playback"
            headline={texts.restrictions.empty}
            explanation={may('playback:write') ? texts.restrictions.emptyExplanation : texts.common.mayNotCreate}
          />
        }
      >
        {(restrictions) => (
          <DataTable
            label={texts.restrictions.title}
            rows={restrictions}
            keyOf={({ id }) => id}
            columns={[
              nameColumn,
              { title: texts.restrictions.rules, cell: (restriction) => <Rules restriction={restriction} /> },
              {
                isAtEnd: true,
                cell: (restriction) =>
                  mayWrite && (
                    <div class="row-actions">
                      <Button onClick={() => setAsking({ to: 'edit', restriction })}>{texts.common.edit}</Button>
                      <Button
                        kind="quiet"
                        icon="trash"
                        label={texts.restrictions.deleteLabel(restriction.name)}
                        onClick={() => setAsking({ to: 'delete', restriction })}
                      />
                    </div>
                  ),
              },
            ]}
          />
        )}
      </ShownList>
      {asking?.to === 'create' && (
        <FormDialog
          title={texts.restrictions.createTitle}
          submitText={texts.common.create}
          onSubmit={async (fields) => {
            await api.post('/v1/playback_restrictions', { ...restrictionIn(fields), ...tenantIn(fields, tenantId) });
            await list.reload();
          }}
          onClose={close}
        >
          <RestrictionFields />
          <TenantField />
        </FormDialog>
      )}
      {asking?.to === 'edit' && (
        <EditDialog<PlaybackRestriction>
          title={texts.restrictions.editTitle}
          path={`/v1/playback_restrictions/${asking.restriction.id}`}
          changesIn={restrictionIn}
          onSaved={list.reload}
          onClose={close}
        >
          {(restriction) => <RestrictionFields restriction={restriction} />}
        </EditDialog>
      )}
      {asking?.to === 'delete' && (
        <ConfirmDialog
          title={texts.restrictions.deleteTitle(asking.restriction.name)}
          explanation={texts.restrictions.deleteExplanation}
          action={texts.common.delete}
          onConfirm={async () => {
            await api.delete(`/v1/playback_restrictions/${asking.restriction.id}`);
            await list.reload();
          }}
          onClose={close}
        />
      )}
    </Section>
  );
}

function Rules({ restriction }: { readonly restriction: PlaybackRestriction }): JSX.Element {
  const rules = LISTS.filter((name) => restriction[name].length > 0);
  if (rules.length === 0 && !restriction.strict) return <>{texts.restrictions.noRules}</>;
  return (
    <ul class="plain-list">
      {rules.map((name) => (
        <li key={name}>{texts.restrictions.rule(texts.restrictions.lists[name].title, restriction[name])}</li>
      ))}
      {restriction.strict && <li>{texts.restrictions.isStrict}</li>}
    </ul>
  );
}

const RestrictionFields = ({ restriction }: { readonly restriction?: PlaybackRestriction }): JSX.Element => (
  <>
    <TextField
      label={texts.common.name}
      name="name"
      maxLength={100}
      isRequired
      hasFocus
      {...(restriction !== undefined && { value: restriction.name })}
    />
    {LISTS.map((name) => (
      <TextAreaField
        key={name}
        label={texts.restrictions.lists[name].title}
        name={name}
        hint={texts.restrictions.lists[name].hint}
        value={restriction?.[name].join('\n') ?? ''}
      />
    ))}
    <ChoiceField
      label={texts.restrictions.strict}
      name="strict"
      value={String(restriction?.strict ?? false)}
      hint={texts.restrictions.strictHint}
      options={texts.restrictions.strictOptions}
    />
  </>
);

const restrictionIn = (fields: FormData): object => ({
  name: textOf(fields, 'name'),
  strict: textOf(fields, 'strict') === 'true',
  ...Object.fromEntries(LISTS.map((name) => [name, listOf(fields, name)])),
});
