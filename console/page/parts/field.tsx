/** A field of a form, with its name. */
interface Properties {
  readonly label: string;
  readonly example?: string;
  readonly hint?: string;
  readonly value: string;
  readonly required?: boolean;
  onInput(value: string): void;
}

export const Field = ({ label, example, hint, value, required = false, onInput }: Properties) => (
  <label class="field">
    <span class="field-name">{label}</span>
    <input
      class="input"
      type="text"
      autocomplete="off"
      spellcheck={false}
      required={required}
      placeholder={example}
      value={value}
      onInput={({ currentTarget }) => onInput(currentTarget.value)}
    />
    {hint !== undefined && <span class="quiet field-hint">{hint}</span>}
  </label>
);
