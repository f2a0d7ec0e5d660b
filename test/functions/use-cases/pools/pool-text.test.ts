import { expect, it } from 'vitest';
import { differenceText, poolText, subnetsText } from '../../../../functions/use-cases/pools/pool-text.ts';

const range = (subnet: string, over: Record<string, string> = {}) => ({
  subnet,
  rangeStart: '10.1.0.1',
  rangeEnd: '10.1.0.254',
  gateway: '10.1.0.1',
  ...over,
});
const [a, b] = [range('10.1.0.0/24'), range('10.2.0.0/24')];

it('A pool is shown with each of its subnets once, and of many with the first ones', () => {
  expect(poolText({ name: 'blue', vrf: 'red', ranges: [[a, a], [range('fd00::/64')]] })).toBe(
    'Pool blue in VRF red (10.1.0.0/24, fd00::/64)',
  );
  const many = Array.from({ length: 7 }, (_, n) => range(`10.${n}.0.0/24`));
  expect(subnetsText([many])).toBe('10.0.0.0/24, 10.1.0.0/24, 10.2.0.0/24, 4 more');
});

it.each([
  ['another subnet', [[b]], 'its ranges[0][0].subnet is 10.1.0.0/24, the configuration says 10.2.0.0/24'],
  [
    'another gateway',
    [[range('10.1.0.0/24', { gateway: '10.1.0.9' })]],
    'its ranges[0][0].gateway is 10.1.0.1, the configuration says 10.1.0.9',
  ],
  ['one more range', [[a, b]], 'it has no ranges[0][1], which the configuration says is 10.2.0.0/24'],
  ['one more set', [[a], [b]], 'it has 1 range set, the configuration 2 range sets'],
])('Of configured ranges with %s the difference is shown, and nothing else', (_, configured, text) => {
  expect(differenceText([[a]], configured)).toBe(text);
});
