/** Which kind of API a deployment has. */
import type { Construct } from 'constructs';
import { LessorHttpApi } from './http-api.ts';
import type { ApiProps, LessorApi } from './lessor-api.ts';
import type { Endpoint } from './lessor-props.ts';

export function apiFor({ kind }: Endpoint, scope: Construct, props: ApiProps): LessorApi {
  switch (kind) {
    case 'http':
      return new LessorHttpApi(scope, 'HttpApi', props);
  }
}
