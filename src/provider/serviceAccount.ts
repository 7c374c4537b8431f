/** Says what is wrong with a pasted Google credential file, without repeating any of it. */
export function serviceAccountFault(text: string): string | undefined {
  if (text.trim() === '') return 'is empty';
  const parsed = parse(text);
  if (typeof parsed === 'string') return parsed;
  const { value } = parsed;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'is no JSON object';
  }
  return fieldFault(new Map(Object.entries(value)));
}

function fieldFault(fields: ReadonlyMap<string, unknown>): string | undefined {
  const type = fields.get('type');
  if (typeof type !== 'string' || type === '') return 'has no "type"';
  if (type !== 'service_account') return undefined;
  for (const name of ['client_email', 'private_key']) {
    const field = fields.get(name);
    if (typeof field !== 'string' || field === '') return `has no "${name}"`;
  }
  if (!String(fields.get('client_email')).includes('@')) {
    return 'has a "client_email" that is no address';
  }
  const pem = /^-----BEGIN [A-Z ]*PRIVATE KEY-----\n/;
  return pem.test(String(fields.get('private_key')))
    ? undefined
    : 'has a "private_key" that does not start with a PEM header and a line break';
}

function parse(text: string): { value: unknown } | string {
  try {
    const value: unknown = JSON.parse(text);
    return { value };
  } catch (cause) {
    return `is no valid JSON${place(text, cause)}`;
  }
}

/** V8 quotes the text in its message, so only the position is taken from it. */
function place(text: string, cause: unknown): string {
  const message = cause instanceof Error ? cause.message : '';
  const found = /at position (\d+)/.exec(message)?.[1];
  if (found === undefined) return message.includes('end of JSON') ? ': it ends too early' : '';
  const before = text.slice(0, Number(found)).split('\n');
  return ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}
