/** Prefixes that say what a pasted value is, whatever slot it was pasted into. */
const recognised: readonly (readonly [RegExp, string])[] = [
  [/^(hf_|api_org_)/, 'a Hugging Face token'],
  [/^ak-/, 'a Modal token id'],
  [/^as-/, 'a Modal token secret'],
  [/^(AKIA|ASIA)[A-Z0-9]{16}$/, 'an AWS access key id'],
  [/^\{/, 'a JSON document'],
];

const placeholders: readonly RegExp[] = [
  /^<.*>$/,
  /^\$\{?\w+\}?$/,
  /^[\W_]*$/,
  /^([a-z]+[-_])?[x*.]*$/i,
  /^([a-z]+[-_])?(your|insert|paste|replace|enter)[-_]/i,
  /^(change_?me|placeholder|redacted|\[redacted\]|undefined|secret|password|token|todo)$/i,
];

/** Rules of one slot. `shape` is tried last, `prefixes` name the slot's own value kinds. */
interface Shape {
  readonly prefixes?: readonly string[];
  readonly shape?: RegExp;
  /** What is wrong when prefix or shape differs. */
  readonly message?: string;
}

/** A check of a pasted one-line value: says what is wrong, never repeats the value. */
export function textCheck(rules: Shape = {}): (value: string) => string | undefined {
  return (value) =>
    commonFault(value) ?? swapped(value, rules.prefixes ?? []) ?? misfit(value, rules);
}

function commonFault(value: string): string | undefined {
  if (value === '') return 'is empty';
  if (/\s/.test(value)) return 'contains a space or a line break';
  if (/^export$|^[A-Z][A-Z0-9_]+=/.test(value))
    return 'holds a variable name; paste the value only';
  if (/["'`]/.test(value)) return 'contains a quotation mark';
  if (placeholders.some((placeholder) => placeholder.test(value))) return 'is a placeholder';
  if (value.length < 8) return 'is too short';
  if (/[^\x21-\x7e]/.test(value)) return 'contains a character that no credential has';
  return undefined;
}

function swapped(value: string, own: readonly string[]): string | undefined {
  if (own.some((prefix) => value.startsWith(prefix))) return undefined;
  const other = recognised.find(([pattern]) => pattern.test(value));
  return other && `looks like ${other[1]}, which belongs in another field`;
}

function misfit(value: string, { prefixes, shape, message }: Shape): string | undefined {
  const begins = prefixes?.some((prefix) => value.startsWith(prefix)) ?? true;
  return begins && (shape?.test(value) ?? true) ? undefined : message;
}
