/**
 * Text without characters that would steer a terminal or reorder what is read. Names come from model files and chains, which
 * anybody may have written.
 */
export function printable(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, "\ufffd");
}

/** Shorter parts of paths and queries are words: `v3`, `rpc`. */
const KEY_LENGTH = 8;

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** What an address keeps secret, as libraries, servers and JSON may write it. */
function secretsOf({ username, password, pathname, searchParams }: URL): string[] {
  const credentials = [username, password].filter((part) => part !== "");
  const login = `${decoded(username)}:${decoded(password)}`;
  const keys = [...pathname.split("/"), ...searchParams.values()].filter(({ length }) => length >= KEY_LENGTH);
  const plain = [...credentials, ...keys].flatMap((part) => [part, decoded(part)]);
  return [
    ...plain.flatMap((part) => [part, JSON.stringify(part).slice(1, -1), encodeURIComponent(part)]),
    ...(credentials.length > 0 ? [btoa(String.fromCharCode(...new TextEncoder().encode(login)))] : []),
  ];
}

/**
 * Takes out of texts what these addresses keep secret: the keys of endpoints stand in their paths, queries and user names. Of a whole
 * address its host is left.
 */
export function createRedactor(addresses: readonly string[]): (text: string) => string {
  const replacements = new Map<string, string>();
  for (const address of addresses) {
    const url = new URL(address);
    for (const whole of [address, url.href]) replacements.set(whole, `${url.protocol}//${url.host}`);
    for (const secret of secretsOf(url)) replacements.set(secret, "***");
  }
  // Whole addresses before their parts.
  const ordered = [...replacements].sort(([a], [b]) => b.length - a.length);
  return (text) => ordered.reduce((rest, [secret, shown]) => rest.replaceAll(secret, shown), text);
}
