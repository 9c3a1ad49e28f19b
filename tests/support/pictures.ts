import { mkdirSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pixelmatch from 'pixelmatch'
import { PNG } from 'pngjs'
import { encodeIndexed } from './indexed-png.ts'

const BASELINES = fileURLToPath(new URL('../browser/pictures', import.meta.url))
/** Where a picture that is not as it was is put, beside what differs. */
const FAILED = join(tmpdir(), 'vibetea-pictures')
/** Difference in colour that is seen as one, of 1 (pixelmatch). */
const THRESHOLD = 0.2
/**
 * Share of the pixels that may differ. Another Chromium draws the edges of letters otherwise, which half the size and
 * the threshold hide (other hinting and smoothing: 0.015 %); what another word changes is for other tests to see.
 */
const MAX_DIFFERENCE = 0.002

/** Pictures are made anew rather than compared: after a change of how things look. */
export const RENEWS = process.env.VIBETEA_RENEW_PICTURES === '1'

/** Half as wide and half as high, each pixel the mean of four. */
function halved({ width, height, data }: PNG): PNG {
  const half = new PNG({ width: width >> 1, height: height >> 1 })
  for (let y = 0; y < half.height; y++) {
    for (let x = 0; x < half.width; x++) {
      for (let channel = 0; channel < 4; channel++) {
        const at = (2 * y * width + 2 * x) * 4 + channel
        const sum = data[at]! + data[at + 4]! + data[at + width * 4]! + data[at + width * 4 + 4]!
        half.data[(y * half.width + x) * 4 + channel] = Math.round(sum / 4)
      }
    }
  }
  return half
}

/**
 * Compares a page's picture, a PNG, with the one that is kept under a name: null where it looks the same, else what is
 * wrong in words.
 */
export function difference(name: string, picture: Buffer): string | null {
  const now = halved(PNG.sync.read(picture))
  const path = join(BASELINES, `${name}.png`)
  if (RENEWS) {
    mkdirSync(BASELINES, { recursive: true })
    writeFileSync(path, encodeIndexed(now))
    return null
  }
  if (!existsSync(path)) return `${name}: there is no picture; VIBETEA_RENEW_PICTURES=1 makes it`
  const before = PNG.sync.read(readFileSync(path))
  const { width, height } = now
  if (before.width !== width || before.height !== height) return `${name}: is of another size`
  const diff = new PNG({ width, height })
  const count = pixelmatch(before.data, now.data, diff.data, width, height, { threshold: THRESHOLD })
  const share = count / (width * height)
  if (share <= MAX_DIFFERENCE) return null
  mkdirSync(FAILED, { recursive: true })
  const seen = join(FAILED, `${name}.png`)
  writeFileSync(seen, PNG.sync.write(now))
  writeFileSync(join(FAILED, `${name}.diff.png`), PNG.sync.write(diff))
  return `${name}: ${(share * 100).toFixed(1)} % looks otherwise, see ${seen}; VIBETEA_RENEW_PICTURES=1 makes it anew`
}
