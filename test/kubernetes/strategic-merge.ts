/** Strategic merge patch, for the lists that are patched here (kubernetes.io, "Update API Objects in Place Using kubectl patch"). */
type Fields = Readonly<Record<string, unknown>>;

/** Lists that are merged by a key; any other one is replaced (k8s.io/api, core/v1: patchMergeKey). Taints are such a one. */
const KEYS: Readonly<Record<string, string>> = { conditions: 'type', addresses: 'type' };

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function merged(before: Fields, patch: Fields): Fields {
  const after: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(patch)) {
    const there = after[name];
    const key = KEYS[name];
    if (value === null) delete after[name];
    else if (Array.isArray(value) && key !== undefined) after[name] = mergedLists(there, value, key);
    else if (isFields(value)) after[name] = merged(isFields(there) ? there : {}, value);
    else after[name] = value;
  }
  return after;
}

function mergedLists(before: unknown, patch: readonly unknown[], key: string): unknown[] {
  let list: unknown[] = Array.isArray(before) ? before : [];
  for (const element of patch) {
    if (!isFields(element) || element[key] === undefined) throw new Error(`an element has no ${key}`);
    const isIt = (one: unknown) => isFields(one) && one[key] === element[key];
    const { $patch: directive, ...fields } = element;
    if (directive === 'delete') list = list.filter((one) => !isIt(one));
    else if (list.some(isIt)) list = list.map((one) => (isIt(one) ? merged(one as Fields, fields) : one));
    else list = [...list, fields];
  }
  return list;
}
