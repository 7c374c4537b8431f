/**
 * Whether a value is of a form. It tells no more than yes or no, and costs nothing to load: for what is
 * read while a session starts. What callers send is judged by zod, which says what is wrong with it.
 */
export type Shape<T> = (value: unknown) => value is T;
export type Shaped<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type OptionalNames<F> = { [K in keyof F]: undefined extends Shaped<F[K]> ? K : never }[keyof F];
type Both<T> = { [K in keyof T]: T[K] };
type ObjectOf<F> = Both<
  { [K in Exclude<keyof F, OptionalNames<F>>]: Shaped<F[K]> } & {
    [K in OptionalNames<F>]?: Shaped<F[K]>;
  }
>;

export const string: Shape<string> = (value) => typeof value === 'string';
export const number: Shape<number> = (value) => typeof value === 'number';
export const boolean: Shape<boolean> = (value) => typeof value === 'boolean';
export const unknown: Shape<unknown> = (_value): _value is unknown => true;

/** Also absent. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value) => value === undefined || shape(value);
}

export function oneOf<const T extends string>(words: readonly T[]): Shape<T> {
  return (value): value is T => words.some((word) => word === value);
}

export function list<T>(shape: Shape<T>): Shape<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(shape);
}

/** With these fields; it may have others. */
export function object<F extends Fields>(fields: F): Shape<ObjectOf<F>> {
  const entries = Object.entries(fields);
  return (value): value is ObjectOf<F> =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    entries.every(([name, shape]) =>
      shape(Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined),
    );
}

/** A JSON text of this shape; undefined for anything else. */
export function read<T>(shape: Shape<T>, json: string): T | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return shape(value) ? value : undefined;
  } catch {
    return undefined; // not JSON at all
  }
}
