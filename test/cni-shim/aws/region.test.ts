import { describe, expect, it } from 'vitest';
import { regionOfNode } from '../../../cni-shim/aws/region.ts';

describe('the Region of a node', () => {
  it.each([
    ['ip-10-24-34-0.eu-west-1.compute.internal', 'eu-west-1'],
    ['i-0123456789abcdef0.ap-southeast-2.compute.internal', 'ap-southeast-2'],
    ['ip-10-24-34-0.ec2.internal', 'us-east-1'],
  ])('is in the name that EC2 gave it: %s', (name, region) => {
    expect(regionOfNode({ env: { AWS_REGION: 'us-west-2' } }, name)).toBe(region);
  });

  it.each([undefined, 'worker-1', 'worker-1.example.internal'])(
    'is else that of its environment, where it is called %s',
    (name) => {
      expect(regionOfNode({ env: { AWS_REGION: 'us-west-2', AWS_DEFAULT_REGION: 'us-east-2' } }, name)).toBe(
        'us-west-2',
      );
      expect(regionOfNode({ env: { AWS_DEFAULT_REGION: 'us-east-2' } }, name)).toBe('us-east-2');
      expect(regionOfNode({ env: {} }, name)).toBeUndefined();
    },
  );

  it.each(['', 'eu', 'EU-WEST-1', 'eu-west-1 ', `eu-${'west-'.repeat(9)}1`])(
    'is not said where it is none: %j',
    (region) => {
      expect(regionOfNode({ env: { AWS_REGION: region } }, undefined)).toBeUndefined();
    },
  );
});
