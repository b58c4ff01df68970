/** The text of a file: UTF-8, or UTF-16 where its first bytes say so, which is how older PowerShell writes files. */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return utf8.decode(bytes);
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
