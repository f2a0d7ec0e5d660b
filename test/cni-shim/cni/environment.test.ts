import { describe, expect, test } from 'vitest';
import { parseInvocation } from '../../../cni-shim/cni/environment.ts';
import { cniError } from '../../../cni-shim/cni/result.ts';

const env = { CNI_CONTAINERID: 'c1', CNI_IFNAME: 'eth0', CNI_NETNS: '/var/run/netns/x' };

function refused(changes: Record<string, string | undefined>) {
  try {
    parseInvocation('ADD', { ...env, ...changes });
  } catch (error) {
    return cniError(error, '1.0.0');
  }
  throw new Error('was accepted');
}

describe('an invocation', () => {
  test('needs no CNI_PATH, and on DEL no namespace', () => {
    expect(parseInvocation('ADD', env)).toEqual({ containerId: 'c1', ifname: 'eth0', netns: '/var/run/netns/x' });
    expect(parseInvocation('DEL', { ...env, CNI_NETNS: undefined })).toEqual({ containerId: 'c1', ifname: 'eth0' });
  });

  test('needs a namespace for CHECK, and overlooks one on DEL that is no path', () => {
    expect(() => parseInvocation('CHECK', { ...env, CNI_NETNS: undefined })).toThrow('CNI_NETNS is not set');
    expect(parseInvocation('DEL', { ...env, CNI_NETNS: 'gone' })).toEqual({ containerId: 'c1', ifname: 'eth0' });
  });

  test.each([
    ['a=b', 'CNI_ARGS holds the unknown "a"'],
    ['IgnoreUnknown=1;a\u009b31m=b;c\u202e', 'CNI_ARGS holds "c\\u202e"'],
    [
      'K8S_POD_NAMESPACE=shop;K8S_POD_NAMESPACE=bank;K8S_POD_NAME=web',
      'CNI_ARGS holds K8S_POD_NAMESPACE twice, "shop" and "bank"',
    ],
    ['IgnoreUnknown=0;a=b', 'unknown "a"'],
    ['a', 'CNI_ARGS holds "a"'],
    ['a=b=c;IgnoreUnknown=1', 'CNI_ARGS holds "a=b=c"'],
    [`IgnoreUnknown=1;K8S_POD_NAME=${'x'.repeat(254)}`, 'K8S_POD_NAME is longer than 253'],
  ])('with CNI_ARGS %s is refused', (CNI_ARGS, message) => {
    expect(refused({ CNI_ARGS })).toMatchObject({ code: 4, msg: expect.stringContaining(message) });
  });

  test.each([
    ['IP=10.1.0.9', ['10.1.0.9']],
    ['IP=10.1.0.9/16', ['10.1.0.9']],
    ['IP=FD00:0::0009', ['fd00::9']],
    ['IgnoreUnknown=true;IP=10.1.0.9/16,fd00::9/64', ['10.1.0.9', 'fd00::9']],
    ['IgnoreUnknown=1;IP=', undefined],
  ])('with CNI_ARGS %s asks for the addresses %j', (CNI_ARGS, addresses) => {
    expect(parseInvocation('ADD', { ...env, CNI_ARGS }).addresses).toEqual(addresses);
  });

  test.each(['10.1.0.9/33', '10.1.0.9,', '10.1.0.10,x', '010.1.0.9', 'x'])('with CNI_ARGS IP=%s is refused', (ip) => {
    expect(refused({ CNI_ARGS: `IP=${ip}` })).toMatchObject({
      code: 4,
      msg: `lessor: CNI_ARGS IP "${ip}" is no IP address`,
      details: 'write one, like 10.1.0.5, 10.1.0.5/16 or fd00::5',
    });
  });

  test('of a DEL may ask for what is no address: nothing is handed out', () => {
    expect(parseInvocation('DEL', { ...env, CNI_ARGS: 'IP=x' })).not.toHaveProperty('addresses');
  });

  test.each([
    ['a=b', undefined],
    ['a', undefined],
    ['a=b=c;;K8S_POD_NAMESPACE=n;K8S_POD_NAME=p', { namespace: 'n', name: 'p' }],
    [`K8S_POD_NAMESPACE=n;K8S_POD_NAME=${'x'.repeat(254)}`, undefined],
  ])('of a DEL overlooks what is wrong in CNI_ARGS: %s', (CNI_ARGS, pod) => {
    expect(parseInvocation('DEL', { ...env, CNI_ARGS }).pod).toEqual(pod);
    expect(() => parseInvocation('CHECK', { ...env, CNI_ARGS })).toThrow('CNI_ARGS');
  });

  test('may carry what others understand, and an empty IP', () => {
    const { pod } = parseInvocation('ADD', {
      ...env,
      CNI_ARGS: 'IgnoreUnknown=true;FOO=bar;IP=;K8S_POD_NAME=p;K8S_POD_NAMESPACE=n',
    });
    expect(pod).toEqual({ namespace: 'n', name: 'p' });
  });

  test.each([
    [{ CNI_CONTAINERID: undefined, CNI_NETNS: '' }, 'CNI_CONTAINERID, CNI_NETNS are not set'],
    [{ CNI_IFNAME: '' }, 'CNI_IFNAME is not set'],
    [{ CNI_CONTAINERID: '.hidden' }, 'CNI_CONTAINERID ".hidden" is not a container id'],
    [{ CNI_CONTAINERID: '../../etc/passwd' }, 'is not a container id'],
    [{ CNI_CONTAINERID: 'c'.repeat(256) }, 'is not a container id'],
    [{ CNI_IFNAME: '..' }, 'CNI_IFNAME ".." is not an interface name'],
    [{ CNI_IFNAME: 'a/b' }, 'is not an interface name'],
    [{ CNI_NETNS: 'netns/pod' }, 'CNI_NETNS "netns/pod" is not a path of a network namespace'],
    [{ CNI_NETNS: `/${'x'.repeat(4095)}` }, 'is not a path of a network namespace'],
    [{ CNI_IFNAME: 'sixteen-letters-' }, 'is not an interface name'],
  ])('with %j is refused', (changes, message) => {
    expect(refused(changes)).toMatchObject({ code: 4, msg: expect.stringContaining(message) });
  });
});
