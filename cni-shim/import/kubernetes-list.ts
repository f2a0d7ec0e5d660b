/** Objects of Kubernetes as `kubectl get … -o json` writes them: one, or a list of them, also of several kinds. */
import { isObject, parseJson } from '../machine/json.ts';
import { refusal } from '../machine/refusal.ts';

export interface KubernetesObject {
  readonly kind: string;
  /** `namespace/name`, or the name. */
  readonly name: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
}

/** @param where it was read, for the error @throws LessorError `request.invalid` */
export function objectsIn(text: string, where: string): KubernetesObject[] {
  const read = parseJson(text);
  if (!isObject(read)) throw notJson(where);
  const { items, kind } = read;
  if (items === undefined) return [objectOf(read, undefined)];
  if (!Array.isArray(items)) throw notJson(where);
  // Items of a list of one kind may leave theirs out.
  const ofList = typeof kind === 'string' && kind !== 'List' ? kind.replace(/List$/, '') : undefined;
  return items.filter(isObject).map((item) => objectOf(item, ofList));
}

function objectOf(object: Record<string, unknown>, ofList: string | undefined): KubernetesObject {
  const part = (name: string) => {
    const value = object[name];
    return isObject(value) ? value : {};
  };
  const metadata = part('metadata');
  const kind = typeof object.kind === 'string' ? object.kind : (ofList ?? '');
  const { namespace, name } = metadata;
  const named = [namespace, name].filter((one) => typeof one === 'string').join('/');
  return { kind, name: named || '(without a name)', object, spec: part('spec'), metadata, status: part('status') };
}

/** Undefined where it is no text, or an empty one. */
export const textIn = (object: Readonly<Record<string, unknown>>, field: string): string | undefined => {
  const value = object[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const notJson = (where: string) =>
  refusal('request.invalid', `${where} holds no list of objects in JSON`, 'write it with kubectl get … -o json');
