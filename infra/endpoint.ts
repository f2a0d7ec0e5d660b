/** Which kind of API a deployment has. */
import type { Construct } from 'constructs';
import { LessorHttpApi } from './http-api.ts';
import type { ApiProps, LessorApi } from './lessor-api.ts';
import type { Endpoint } from './lessor-props.ts';
import { PrivateApi } from './private-api.ts';

export function apiFor(endpoint: Endpoint, scope: Construct, props: ApiProps): LessorApi {
  switch (endpoint.kind) {
    case 'http':
      return new LessorHttpApi(scope, 'HttpApi', props);
    case 'private':
      return new PrivateApi(scope, 'PrivateApi', endpoint, props);
  }
}
