/**
 * Shapes of JSON values, just enough to read the service's answers: evaluating the contract's schemas would take a starting
 * process longer than all the rest of a call. A shape gives back what it knows of the value, or `MISMATCH`.
 */
import { isObject } from '../machine/json.ts';

export const MISMATCH: unique symbol = Symbol('mismatch');
export type Shape<T> = (value: unknown) => T | typeof MISMATCH;
export type Shaped<S> = S extends Shape<infer T> ? T : never;

/** Characters, as JavaScript counts them. */
export const text =
  ({
    least = 0,
    most = Number.POSITIVE_INFINITY,
    matching,
  }: {
    least?: number;
    most?: number;
    matching?: RegExp;
  } = {}) =>
  (value: unknown): string | typeof MISMATCH =>
    typeof value === 'string' && value.length >= least && value.length <= most && (matching?.test(value) ?? true)
      ? value
      : MISMATCH;

export const integer =
  (least: number = Number.MIN_SAFE_INTEGER, most: number = Number.MAX_SAFE_INTEGER) =>
  (value: unknown): number | typeof MISMATCH =>
    Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most ? Number(value) : MISMATCH;

export const flag = (value: unknown): boolean | typeof MISMATCH => (typeof value === 'boolean' ? value : MISMATCH);

export const oneOf =
  <T extends string>(...values: readonly T[]) =>
  (value: unknown): T | typeof MISMATCH =>
    values.find((one) => one === value) ?? MISMATCH;

export const list =
  <T>(shape: Shape<T>, { least = 0, most = Number.POSITIVE_INFINITY } = {}) =>
  (value: unknown): T[] | typeof MISMATCH => {
    if (!Array.isArray(value) || value.length < least || value.length > most) return MISMATCH;
    const read: T[] = [];
    for (const one of value) {
      const item = shape(one);
      if (item === MISMATCH) return MISMATCH;
      read.push(item);
    }
    return read;
  };

export const record =
  <T>(key: Shape<string>, shape: Shape<T>) =>
  (value: unknown): Record<string, T> | typeof MISMATCH => {
    if (!isObject(value)) return MISMATCH;
    const read: [string, T][] = [];
    for (const [name, content] of Object.entries(value)) {
      const item = shape(content);
      if (key(name) === MISMATCH || item === MISMATCH) return MISMATCH;
      read.push([name, item]);
    }
    return Object.fromEntries(read);
  };

interface Missing<T> {
  readonly shape: Shape<T>;
  /** What counts where the field is left out; undefined: it stays out. */
  readonly otherwise?: T;
}
type Field<T> = Shape<T> | Missing<T>;

export const optional = <T>(shape: Shape<T>): { readonly shape: Shape<T> } => ({ shape });
export const otherwise = <T>(shape: Shape<T>, value: T): { readonly shape: Shape<T>; readonly otherwise: T } => ({
  shape,
  otherwise: value,
});

type Fields = Readonly<Record<string, Field<unknown>>>;
type Required<F extends Fields> = {
  [K in keyof F as F[K] extends { readonly otherwise: unknown } | Shape<unknown> ? K : never]: F[K] extends {
    readonly shape: Shape<infer T>;
  }
    ? T
    : Shaped<F[K]>;
};
type Optional<F extends Fields> = {
  [K in keyof F as F[K] extends { readonly otherwise: unknown } | Shape<unknown> ? never : K]?: F[K] extends {
    readonly shape: Shape<infer T>;
  }
    ? T
    : never;
};

/** Fields that are not named are left out: a later minor version of the contract may have more. */
export const object =
  <F extends Fields>(fields: F) =>
  (value: unknown): (Required<F> & Optional<F>) | typeof MISMATCH => {
    if (!isObject(value)) return MISMATCH;
    const read: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      if (given === undefined && typeof field !== 'function') {
        if (field.otherwise !== undefined) read[name] = field.otherwise;
        continue;
      }
      const item = (typeof field === 'function' ? field : field.shape)(given);
      if (item === MISMATCH) return MISMATCH;
      read[name] = item;
    }
    return read as Required<F> & Optional<F>;
  };
