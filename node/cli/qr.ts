import { renderUnicodeCompact } from 'uqr'

const LIGHT_ON_DARK = '\u001b[97;40m'
const RESET = '\u001b[0m'

/** A key as a code for a camera. In capitals, which need fewer squares, it is the same key. */
export function keyCode(key: string, isTerminal: boolean): string {
  const code = renderUnicodeCompact(key.toUpperCase(), { ecc: 'L', border: 2 })
  // A light terminal would show it inverted, which not every camera reads.
  return isTerminal ? code.replace(/^.*$/gm, `${LIGHT_ON_DARK}$&${RESET}`) : code
}
