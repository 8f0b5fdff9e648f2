import { isIP } from "node:net";

// Who may speak to a server that trusts everyone who can reach it. A page of another site cannot name our address in `Host` (after DNS
// rebinding it names its own), and a browser tells the page's own address in `Origin`.

/**
 * Whether `host` (with or without port, as a request names it) is an address of this server: a loopback name, or what it was started with. Bound to
 * every address of the machine it cannot know all of its names; then any bare IP address is one, because a name is what rebinding needs.
 */
export function isAllowedHost(host: string, configured: string): boolean {
  const name = hostName(host);
  if (name === undefined) return false;
  if (isLoopback(name) || name === hostName(configured)) return true;
  return isEveryAddress(configured) && isIP(name) !== 0;
}

/** Whether a page of this `Origin` is served by the very host that the request names. `null` and anything that is no origin is not. */
export function isOwnOrigin(origin: string, host: string): boolean {
  const [, originHost] = /^https?:\/\/([^/?#@\\]+)$/i.exec(origin) ?? [];
  return originHost !== undefined && originHost.toLowerCase() === host.toLowerCase();
}

/** Without port and brackets, in lower case; undefined when it is no host. */
function hostName(host: string): string | undefined {
  if (isIP(host) === 6) return host.toLowerCase(); // The configured one comes without brackets.
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? bracketed.toLowerCase() : undefined;
  return plain?.toLowerCase().replace(/\.$/, "");
}

function isLoopback(name: string): boolean {
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "::1" ||
    (isIP(name) === 4 && name.startsWith("127."))
  );
}

function isEveryAddress(configured: string): boolean {
  return configured === "0.0.0.0" || configured === "::";
}
