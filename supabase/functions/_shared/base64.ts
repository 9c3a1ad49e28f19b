/** base64 (RFC 4648, section 4) of bytes. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(text)
}

/** The bytes of base64, padded and written in the one way; null for what is none. */
export function fromBase64(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  // `Uint8Array.from` takes thirty times as long, and text can be of a whole call.
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i)
  // The last character may have bits that stand for nothing.
  return btoa(String.fromCharCode(...bytes.subarray(-(bytes.length % 3 || 3)))) === text.slice(-4) ||
    text === ''
    ? bytes
    : null
}
