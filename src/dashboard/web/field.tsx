import type { InputHTMLAttributes, JSX, VNode } from 'preact';

/** What was wrong with a submitted form; `field` is the name of the input, if it is about one. */
export interface FormError {
  readonly message: string;
  readonly hint?: string | undefined;
  readonly field?: string | undefined;
  /** Where several fields are wrong: what is wrong with each. */
  readonly faults?: readonly { readonly field: string; readonly message: string }[];
}

interface FieldProps {
  /** Name of the form field. */
  readonly name: string;
  /** Unique on the page; also the prefix of the ids of hint and error. */
  readonly id: string;
  readonly label: JSX.Element | string;
  readonly hint?: JSX.Element | string | undefined;
  readonly error?: string | undefined;
  readonly multiline?: boolean;
  readonly input?: InputHTMLAttributes<HTMLInputElement>;
}

/** A labelled input with its hint and error, tied together for screen readers. */
export function Field({ name, id, label, hint, error, multiline, input }: FieldProps): VNode {
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  const shared = {
    id,
    name,
    'aria-describedby': described || undefined,
    'aria-invalid': error === undefined ? undefined : ('true' as const),
    // of several the browser takes the first
    autofocus: error !== undefined,
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {multiline ? (
        <textarea
          {...shared}
          required={input?.required}
          placeholder={input?.placeholder}
          autocomplete="off"
          spellcheck={false}
          rows={6}
        />
      ) : (
        <input {...input} {...shared} />
      )}
      {error !== undefined && (
        <p class="error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** The message of an error that belongs to no field in `fields`; those show their own. */
export function FormNotice(props: {
  error: FormError | undefined;
  fields: readonly string[];
}): VNode | null {
  const { error, fields } = props;
  if (error === undefined) return null;
  const { field, faults = [] } = error;
  if (faults.length > 1) {
    return (
      <p class="notice bad" role="alert">
        {faults.length} fields are not right yet. Nothing was saved.
      </p>
    );
  }
  if (field !== undefined && fields.includes(field)) return null;
  return (
    <p class="notice bad" role="alert">
      {sentence(error.message)}
      {error.hint !== undefined && ` ${sentence(error.hint)}`}
    </p>
  );
}

/** The message for the field `name`, where the error is about it. */
export function fieldError(error: FormError | undefined, name: string): string | undefined {
  const fault = error?.faults?.find(({ field }) => field === name);
  if (fault) return sentence(fault.message);
  return error?.field === name ? sentence(error.message) : undefined;
}

/** Messages are lower case without a full stop, for the command line; pages show sentences. */
export function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}
