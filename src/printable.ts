/**
 * Text without characters that would steer a terminal or reorder what is read. Names come from model files and chains, which
 * anybody may have written.
 */
export function printable(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, "\ufffd");
}
