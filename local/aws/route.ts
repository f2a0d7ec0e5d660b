/** Which route of an HTTP API a request takes: `POST /v1/leases`, `GET /v1/pools/{pool}/leases`. */

export interface RouteDefinition {
  /** `POST /v1/leases` */
  readonly key: string;
  /** Name of the function that answers. */
  readonly function: string;
  /** After which the API no longer waits for it. */
  readonly timeoutMs: number;
}

export interface RouteMatch {
  readonly route: RouteDefinition;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * An HTTP API decodes a path once, before it looks for a route and for parameters: an encoded slash parts two segments,
 * and `rawPath` is not what was sent. What cannot be decoded stays as it is.
 */
export function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** @returns for a decoded path: undefined where no route fits; a route without parameters goes before one with them */
export function routeMatcher(routes: readonly RouteDefinition[]) {
  const known = routes
    .map((route) => {
      const [method = '', path = ''] = route.key.split(' ');
      return { route, method, segments: path.split('/'), parameters: path.split('{').length };
    })
    .sort((a, b) => a.parameters - b.parameters);

  return (method: string, path: string): RouteMatch | undefined => {
    const given = path.split('/');
    for (const { route, method: own, segments } of known) {
      if (own !== method || segments.length !== given.length) continue;
      const pathParameters = parametersOf(segments, given);
      if (pathParameters) return { route, pathParameters };
    }
    return undefined;
  };
}

function parametersOf(segments: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const text = given[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name === undefined ? text !== segment : text === '') return undefined;
    if (name !== undefined) parameters[name] = text;
  }
  return parameters;
}
