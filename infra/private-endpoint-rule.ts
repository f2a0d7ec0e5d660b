/** What the settings of a private API may be. */
import type { NewVpcEndpoint, PrivateEndpoint } from './lessor-props.ts';
import { both, fields, flag, list, oneOf, value, words } from './prop-rules.ts';

const id = (kind: string) => words(new RegExp(`^${kind}-[0-9a-f]{8,17}$`), `give an id: '${kind}-0123456789abcdef0'`);
const ids = (kind: string) =>
  both(
    list(id(kind), `give a list of ids: ['${kind}-0123456789abcdef0']`),
    value((given) => Array.isArray(given) && new Set(given).size === given.length, 'name each of them once'),
  );

const hasVpcEndpoint = value((given) => {
  const { vpcEndpoints, newVpcEndpoint } = given as PrivateEndpoint;
  return vpcEndpoints !== undefined || newVpcEndpoint !== undefined;
}, "name a VPC endpoint, vpcEndpoints: ['vpce-0123456789abcdef0'], or give newVpcEndpoint, and one is made");

export const privateEndpoint = both(
  fields<PrivateEndpoint>(
    { kind: oneOf('private') },
    {
      vpcEndpoints: ids('vpce'),
      newVpcEndpoint: fields<NewVpcEndpoint>(
        { vpcId: id('vpc'), subnetIds: ids('subnet'), securityGroupIds: ids('sg') },
        { privateDns: flag },
      ),
      vpcEndpointsOfOthers: ids('vpce'),
      organization: words(/^o-[a-z0-9]{10,32}$/, "give the organization's id: 'o-0123456789'"),
      setAccountLogRole: flag,
    },
  ),
  hasVpcEndpoint,
);
