import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  /** @param id the control's. @param hintId what describes it */
  readonly children: (id: string, hintId: string | undefined) => ComponentChildren;
}

function Field({ label, hint, children }: FieldProps): JSX.Element {
  const id = useId();
  const hintId = hint === undefined ? undefined : `${id}-hint`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id, hintId)}
      {hint !== undefined && (
        <p class="hint" id={hintId}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface TextFieldProps {
  readonly label: string;
  readonly name: string;
  readonly hint?: string;
  readonly type?: 'text' | 'url' | 'email' | 'password' | 'number' | 'datetime-local' | 'search';
  readonly value?: string;
  readonly isRequired?: boolean;
  readonly maxLength?: number;
  /** A regular expression that the whole value has to match. */
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number | 'any';
  readonly placeholder?: string;
  readonly autoComplete?: string;
  readonly inputMode?: 'numeric' | 'text';
  readonly hasFocus?: boolean;
}

/** Preact's types describe each kind of input by itself, and have none for one of several. */
const typeOf = ({ type = 'text' }: Pick<TextFieldProps, 'type'>): object => ({ type });

export const TextField = ({ label, hint, hasFocus = false, ...input }: TextFieldProps): JSX.Element => (
  <Field label={label} {...(hint !== undefined && { hint })}>
    {(id, hintId) => (
      <input
        id={id}
        name={input.name}
        {...typeOf(input)}
        defaultValue={input.value}
        required={input.isRequired}
        maxLength={input.maxLength}
        pattern={input.pattern}
        min={input.min}
        max={input.max}
        step={input.step}
        placeholder={input.placeholder}
        autoComplete={input.autoComplete ?? 'off'}
        inputMode={input.inputMode}
        spellcheck={false}
        aria-describedby={hintId}
        data-autofocus={hasFocus || undefined}
      />
    )}
  </Field>
);

type TextAreaFieldProps = Pick<
  TextFieldProps,
  'label' | 'name' | 'hint' | 'value' | 'isRequired' | 'maxLength' | 'placeholder'
>;

/** Text of several lines. */
export const TextAreaField = ({ label, hint, ...area }: TextAreaFieldProps): JSX.Element => (
  <Field label={label} {...(hint !== undefined && { hint })}>
    {(id, hintId) => (
      <textarea
        id={id}
        name={area.name}
        rows={Math.max(2, (area.value ?? '').split('\n').length)}
        defaultValue={area.value}
        required={area.isRequired}
        maxLength={area.maxLength}
        placeholder={area.placeholder}
        autoComplete="off"
        spellcheck={false}
        aria-describedby={hintId}
      />
    )}
  </Field>
);

interface ChoiceFieldProps {
  readonly label: string;
  readonly name: string;
  readonly hint?: string;
  readonly value?: string;
  readonly options: readonly (readonly [value: string, text: string])[];
}

export const ChoiceField = ({ label, name, hint, value, options }: ChoiceFieldProps): JSX.Element => (
  <Field label={label} {...(hint !== undefined && { hint })}>
    {(id, hintId) => (
      <select id={id} name={name} aria-describedby={hintId}>
        {options.map(([option, text]) => (
          <option key={option} value={option} selected={option === value}>
            {text}
          </option>
        ))}
      </select>
    )}
  </Field>
);

interface ChecksFieldProps {
  readonly label: string;
  readonly name: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly checked: readonly string[];
}

/** Several of a few. */
export const ChecksField = ({ label, name, options, checked }: ChecksFieldProps): JSX.Element => (
  <fieldset class="checks">
    <legend>{label}</legend>
    {options.map(([value, text]) => (
      <label key={value}>
        <input type="checkbox" name={name} value={value} defaultChecked={checked.includes(value)} />
        {text}
      </label>
    ))}
  </fieldset>
);
