import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ConsoleUser, InvitedUser, PasswordLink } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { ActionButton } from '../ui/action-button.tsx';
import { Badge } from '../ui/badge.tsx';
import type { BadgeTone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { FormDialog, textOf } from '../ui/dialog.tsx';
import { EditDialog } from '../ui/edit-dialog.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ChoiceField, TextField } from '../ui/field.tsx';
import { Moment } from '../ui/moment.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { SecretDialog } from '../ui/secret-dialog.tsx';
import { ShownList } from '../ui/shown.tsx';
import { AccessDialog } from './access-dialog.tsx';
import { UserFields } from './user-fields.tsx';

const TONES: Readonly<Record<ConsoleUser['status'], BadgeTone>> = {
  active: 'good',
  invited: 'warning',
  disabled: 'neutral',
};

type Asking = { readonly to: 'invite' } | { readonly to: 'edit' | 'access' | 'delete'; readonly user: ConsoleUser };

/** People who log in here with an email address and a password. */
export function UsersPage(): JSX.Element {
  const { api, session, tenantId, may } = useSession();
  const list = useList<ConsoleUser>('/v1/users', { tenant_id: tenantId });
  const [asking, setAsking] = useState<Asking>();
  const [link, setLink] = useState<PasswordLink>();
  const mayWrite = may('users:write');
  const close = (): void => setAsking(undefined);

  const invite = async (fields: FormData): Promise<void> => {
    const role = textOf(fields, 'role');
    const name = textOf(fields, 'name');
    const invited = await api.post<InvitedUser>('/v1/users', {
      email: textOf(fields, 'email'),
      ...(name !== '' && { name }),
      role,
      // An operator belongs to no tenant.
      ...(role !== 'operator' && { tenant_id: tenantId ?? textOf(fields, 'tenant_id') }),
    });
    setLink(invited.link);
    await list.reload();
  };
  const makeLink = async ({ id }: ConsoleUser): Promise<void> => {
    setLink(await api.post<PasswordLink>(`/v1/users/${id}/password_link`));
  };
  const inviteButton = mayWrite && (
    <Button kind="primary" icon="plus" onClick={() => setAsking({ to: 'invite' })}>
      {texts.users.invite}
    </Button>
  );

  return (
    <>
      <PageHead title={texts.users.title} lead={texts.users.lead}>
        {inviteButton}
      </PageHead>
      <ShownList
        list={list}
        empty={
          <EmptyState icon="users" headline={texts.users.empty} explanation={texts.users.emptyExplanation}>
            {inviteButton}
          </EmptyState>
        }
      >
        {(users) => (
          <DataTable
            label={texts.users.title}
            rows={users}
            keyOf={({ id }) => id}
            columns={[
              {
                title: texts.common.name,
                cell: ({ name, email }) => (
                  <>
                    <strong>{name}</strong>
                    <div class="small muted">{email}</div>
                  </>
                ),
              },
              { title: texts.users.role, cell: ({ role }) => texts.users.roles[role] },
              {
                title: texts.common.state,
                cell: ({ status }) => <Badge tone={TONES[status]}>{texts.users.states[status]}</Badge>,
              },
              {
                title: texts.users.secondFactor,
                cell: ({ totp_enabled: isOn }) => (isOn ? texts.users.on : texts.users.off),
              },
              {
                title: texts.users.lastLogIn,
                cell: ({ last_login_at: at }) => (at === null ? texts.common.never : <Moment at={at} />),
              },
              {
                isAtEnd: true,
                cell: (user) =>
                  mayWrite &&
                  user.id !== session.user?.id && (
                    <div class="row-actions">
                      <ActionButton action={() => makeLink(user)}>
                        {user.status === 'invited' ? texts.users.newInvitation : texts.users.resetPassword}
                      </ActionButton>
                      <Button onClick={() => setAsking({ to: 'edit', user })}>{texts.common.edit}</Button>
                      <Button onClick={() => setAsking({ to: 'access', user })}>{texts.users.access}</Button>
                      <Button
                        kind="quiet"
                        icon="trash"
                        label={texts.users.deleteLabel(user.name)}
                        onClick={() => setAsking({ to: 'delete', user })}
                      />
                    </div>
                  ),
              },
            ]}
          />
        )}
      </ShownList>
      {asking?.to === 'invite' && (
        <FormDialog title={texts.users.inviteTitle} submitText={texts.users.invite} onSubmit={invite} onClose={close}>
          <UserFields />
        </FormDialog>
      )}
      {asking?.to === 'edit' && (
        <EditDialog<ConsoleUser>
          title={texts.users.editTitle}
          path={`/v1/users/${asking.user.id}`}
          changesIn={(fields) => ({
            name: textOf(fields, 'name'),
            role: textOf(fields, 'role'),
            ...(fields.has('status') && { status: textOf(fields, 'status') }),
          })}
          onSaved={list.reload}
          onClose={close}
        >
          {(user) => (
            <>
              <TextField label={texts.common.name} name="name" value={user.name} maxLength={100} isRequired hasFocus />
              <ChoiceField
                label={texts.users.role}
                name="role"
                value={user.role}
                options={user.tenant_id === null ? texts.users.operatorRole : texts.users.tenantRoles}
              />
              {user.status !== 'invited' && (
                <ChoiceField
                  label={texts.users.mayLogIn}
                  name="status"
                  value={user.status}
                  options={texts.users.statusOptions}
                />
              )}
            </>
          )}
        </EditDialog>
      )}
      {asking?.to === 'access' && <AccessDialog user={asking.user} onChanged={list.reload} onClose={close} />}
      {asking?.to === 'delete' && (
        <ConfirmDialog
          title={texts.users.deleteTitle(asking.user.name)}
          explanation={texts.users.deleteExplanation}
          action={texts.common.delete}
          onConfirm={async () => {
            await api.delete(`/v1/users/${asking.user.id}`);
            await list.reload();
          }}
          onClose={close}
        />
      )}
      {link !== undefined && (
        <SecretDialog
          title={texts.users.linkTitle}
          label={texts.users.link}
          secret={link.url}
          hint={texts.users.linkHint}
          onClose={() => setLink(undefined)}
        />
      )}
    </>
  );
}
