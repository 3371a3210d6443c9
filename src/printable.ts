/**
 * Text without characters that would steer a terminal or reorder what is read. Names come from model files and chains, which
 * anybody may have written.
 */
export function printable(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, "\ufffd");
}

/** A text without what addresses in it keep secret: keys of endpoints stand in their paths, queries and user names. */
export function withoutSecrets(text: string, urls: readonly string[]): string {
  return urls.reduce((rest, url) => {
    const { protocol, host } = new URL(url);
    return rest.replaceAll(url, `${protocol}//${host}`);
  }, text);
}
