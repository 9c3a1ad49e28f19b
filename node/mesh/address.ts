import { BlockList, isIP } from 'node:net'

/** Addresses that are reached without the internet: loopback, private networks (RFC 1918, RFC 4193), link-local ones. */
const LOCAL = new BlockList()
LOCAL.addSubnet('127.0.0.0', 8)
LOCAL.addSubnet('10.0.0.0', 8)
LOCAL.addSubnet('172.16.0.0', 12)
LOCAL.addSubnet('192.168.0.0', 16)
LOCAL.addSubnet('169.254.0.0', 16)
LOCAL.addAddress('::1', 'ipv6')
LOCAL.addSubnet('fc00::', 7, 'ipv6')
LOCAL.addSubnet('fe80::', 10, 'ipv6')

/** Whether packets to an address stay in the local network; false for what is no address. */
export function isLocalAddress(address: string): boolean {
  const version = isIP(address)
  return version !== 0 && LOCAL.check(address, version === 6 ? 'ipv6' : 'ipv4')
}
