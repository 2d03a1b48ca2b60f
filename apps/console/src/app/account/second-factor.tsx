import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { CopyField } from '../ui/copy-field.tsx';
import { Dialog, FormDialog, passwordOf, textOf, useSubmit } from '../ui/dialog.tsx';
import { FailureNotice } from '../ui/failure-notice.tsx';
import { TextField } from '../ui/field.tsx';

interface SecondFactorProps {
  readonly userId: string;
  readonly isOn: boolean;
}

interface FactorSecret {
  readonly secret: string;
  readonly otpauth_url: string;
}

type Step =
  | { readonly is: 'turn-on' | 'turn-off' }
  | { readonly is: 'enter'; readonly made: FactorSecret }
  | { readonly is: 'recovery'; readonly codes: readonly string[] };

/** Codes of an authenticator app: turned on in three steps, turned off in one. */
export function SecondFactor({ userId, isOn: wasOn }: SecondFactorProps): JSX.Element {
  const { api } = useSession();
  const [isOn, setOn] = useState(wasOn);
  const [step, setStep] = useState<Step>();
  const path = `/v1/users/${userId}/totp`;
  const close = (): void => setStep(undefined);
  const verifying = useSubmit(async (fields) => {
    const answer = await api.post<{ readonly recovery_codes: readonly string[] }>(`${path}/verify`, {
      code: textOf(fields, 'code').replaceAll(' ', ''),
    });
    setOn(true);
    setStep({ is: 'recovery', codes: answer.recovery_codes });
  });
  const starting = useSubmit(async (fields) => {
    setStep({ is: 'enter', made: await api.post<FactorSecret>(path, { password: passwordOf(fields, 'password') }) });
  });

  return (
    <div class="panel actions">
      <Badge tone={isOn ? 'good' : 'neutral'}>{isOn ? texts.users.on : texts.users.off}</Badge>
      <Button onClick={() => setStep({ is: isOn ? 'turn-off' : 'turn-on' })}>
        {isOn ? texts.account.turnOff : texts.account.turnOn}
      </Button>
      {step?.is === 'turn-on' && (
        <Dialog title={texts.account.turnOn} onClose={close}>
          <form onSubmit={starting.submit}>
            <div class="dialog-body">
              <PasswordField />
              {starting.failure !== undefined && <FailureNotice failure={starting.failure} />}
            </div>
            <div class="dialog-foot">
              <Button type="submit" kind="primary" isBusy={starting.isBusy}>
                {texts.account.next}
              </Button>
            </div>
          </form>
        </Dialog>
      )}
      {step?.is === 'enter' && (
        <Dialog title={texts.account.enterSecret} onClose={close}>
          <form onSubmit={verifying.submit}>
            <div class="dialog-body">
              <p>{texts.account.enterExplanation}</p>
              <CopyField label={texts.account.secret} value={step.made.secret} />
              <a href={step.made.otpauth_url}>{texts.account.openApp}</a>
              <TextField
                label={texts.account.code}
                name="code"
                inputMode="numeric"
                autoComplete="one-time-code"
                isRequired
              />
              {verifying.failure !== undefined && <FailureNotice failure={verifying.failure} />}
            </div>
            <div class="dialog-foot">
              <Button type="submit" kind="primary" isBusy={verifying.isBusy}>
                {texts.account.turnOn}
              </Button>
            </div>
          </form>
        </Dialog>
      )}
      {step?.is === 'recovery' && (
        <Dialog title={texts.account.recovery} onClose={close}>
          <div class="dialog-body">
            <p>{texts.account.recoveryExplanation}</p>
            <pre tabIndex={0}>{step.codes.join('\n')}</pre>
          </div>
          <div class="dialog-foot">
            <Button kind="primary" onClick={close}>
              {texts.common.done}
            </Button>
          </div>
        </Dialog>
      )}
      {step?.is === 'turn-off' && (
        <FormDialog
          title={texts.account.turnOff}
          submitText={texts.account.turnOff}
          isDanger
          onSubmit={async (fields) => {
            await api.post(`${path}/disable`, {
              password: passwordOf(fields, 'password'),
              totp_code: textOf(fields, 'code').replaceAll(' ', ''),
            });
            setOn(false);
          }}
          onClose={close}
        >
          <PasswordField />
          <TextField
            label={texts.account.code}
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            isRequired
          />
        </FormDialog>
      )}
    </div>
  );
}

const PasswordField = (): JSX.Element => (
  <TextField
    label={texts.logIn.password}
    name="password"
    type="password"
    autoComplete="current-password"
    isRequired
    hasFocus
  />
);
