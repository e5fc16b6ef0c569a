import { lookup } from "node:dns/promises";
import { BlockList, isIP, type LookupFunction } from "node:net";

/**
 * Which addresses a URL that somebody else wrote may lead to: public ones, so that nobody uses the gateway
 * to reach the network it stands in.
 *
 * Source: RFC 6890 and the IANA special-purpose address registries [spec]; cloud metadata addresses from
 * their vendors' pages [third], checked 2026-11-22.
 */

type Range = readonly [network: string, prefix: number];

const forbiddenIpv4: readonly Range[] = [
  ["0.0.0.0", 8], // this network
  ["10.0.0.0", 8], // private
  ["100.64.0.0", 10], // carrier-grade NAT, and the metadata of Alibaba Cloud at 100.100.100.200
  ["127.0.0.0", 8], // loopback
  ["168.63.129.16", 32], // the wire server of Azure, on every virtual machine
  ["169.254.0.0", 16], // link-local, and the metadata of most clouds at 169.254.169.254
  ["172.16.0.0", 12], // private
  ["192.0.0.0", 24], // protocol assignments, and the metadata of Oracle Cloud at 192.0.0.192
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // 6to4 relays
  ["192.168.0.0", 16], // private
  ["198.18.0.0", 15], // benchmarking
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, broadcast
];

/** Everything outside global unicast is forbidden: loopback, ULA, link-local, multicast, mapped IPv4. */
const globalIpv6: readonly Range[] = [["2000::", 3]];

/** Within global unicast: what is not public, or carries an IPv4 address inside that nobody checked. */
const forbiddenIpv6: readonly Range[] = [
  ["2001::", 23], // protocol assignments, Teredo
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4
  ["3fff::", 20], // documentation
];

const loopbackIpv4: readonly Range[] = [["127.0.0.0", 8]];
const loopbackIpv6: readonly Range[] = [["::1", 128]];

// Lists of the two families never mix: an IPv6 range may otherwise swallow mapped IPv4 addresses.
const lists = {
  ipv4: { forbidden: listOf(forbiddenIpv4, "ipv4"), loopback: listOf(loopbackIpv4, "ipv4") },
  ipv6: {
    global: listOf(globalIpv6, "ipv6"),
    forbidden: listOf(forbiddenIpv6, "ipv6"),
    loopback: listOf(loopbackIpv6, "ipv6"),
  },
};

function listOf(ranges: readonly Range[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}

/** Whether a connection may be made to an address. Anything that isn't a plain address is refused. */
export function isAllowedAddress(address: string, loopbackAllowed: boolean): boolean {
  switch (isIP(address)) {
    case 4:
      if (loopbackAllowed && lists.ipv4.loopback.check(address, "ipv4")) return true;
      return !lists.ipv4.forbidden.check(address, "ipv4");
    case 6:
      // A zone ("fe80::1%eth0") names an interface of ours.
      if (address.includes("%")) return false;
      if (loopbackAllowed && lists.ipv6.loopback.check(address, "ipv6")) return true;
      return (
        lists.ipv6.global.check(address, "ipv6") && !lists.ipv6.forbidden.check(address, "ipv6")
      );
    default:
      return false;
  }
}

/** An address that the guard refuses. Trying again doesn't help. */
export class ForbiddenAddress extends Error {
  override readonly name = "ForbiddenAddress";
}

export type Resolved = { readonly address: string; readonly family: number };
/** All addresses of a host name. */
export type Resolver = (host: string) => Promise<readonly Resolved[]>;

/** The system's own resolver. */
export function systemResolver(host: string): Promise<readonly Resolved[]> {
  return lookup(host, { all: true });
}

/**
 * A `lookup` for sockets that gives out checked addresses only. The socket connects to what is checked
 * here, so that a name can't be bound anew between check and connection. One forbidden address among many
 * refuses the name.
 */
export function guardedLookup(resolve: Resolver, loopbackAllowed: boolean): LookupFunction {
  return (host, options, done) => {
    resolve(host).then(
      (addresses) => {
        const [first] = addresses;
        if (
          first === undefined ||
          !addresses.every(({ address }) => isAllowedAddress(address, loopbackAllowed))
        ) {
          done(new ForbiddenAddress("the host leads to an address that is not public"), []);
        } else if (options.all === true) {
          done(null, [...addresses]);
        } else {
          done(null, first.address, first.family);
        }
      },
      (cause: unknown) => done(cause instanceof Error ? cause : new Error(String(cause)), []),
    );
  };
}

/**
 * Checks what no lookup will see: the scheme, credentials, and a host that is an address already.
 *
 * @throws ForbiddenAddress
 */
export function assertAllowedUrl(url: URL, loopbackAllowed: boolean): void {
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new ForbiddenAddress(`the scheme ${url.protocol} is not http or https`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new ForbiddenAddress("the URL carries credentials");
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) !== 0 && !isAllowedAddress(host, loopbackAllowed)) {
    throw new ForbiddenAddress("the URL leads to an address that is not public");
  }
}
