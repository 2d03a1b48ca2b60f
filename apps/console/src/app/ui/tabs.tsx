import type { JSX } from 'preact';
import { useId } from 'preact/hooks';

interface TabsProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly (readonly [value: Value, text: string])[];
  readonly onChange: (value: Value) => void;
}

/** One of a few ways: radio buttons in the shape of tabs, with their keys. */
export function Tabs<Value extends string>({ label, value, options, onChange }: TabsProps<Value>): JSX.Element {
  const name = useId();
  return (
    <fieldset class="tabs">
      <legend class="unseen">{label}</legend>
      {options.map(([option, text]) => (
        <label key={option}>
          <input type="radio" name={name} checked={option === value} onChange={() => onChange(option)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
