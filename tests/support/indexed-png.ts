import { crc32, deflateSync } from 'node:zlib'

/** A picture of RGBA pixels; all of them are opaque. */
export interface Pixels {
  width: number
  height: number
  data: Uint8Array
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const MAX_COLOURS = 256
/** Colours that differ in the lowest bits alone are one. */
const KEPT_BITS = 0xf8

/** A PNG of at most 256 colours, the most frequent ones (PNG specification, colour type 3): a third of the size. */
export function encodeIndexed({ width, height, data }: Pixels): Buffer {
  const counts = new Map<number, number>()
  const colourAt = (pixel: number) =>
    ((data[pixel * 4]! & KEPT_BITS) << 16) |
    ((data[pixel * 4 + 1]! & KEPT_BITS) << 8) |
    (data[pixel * 4 + 2]! & KEPT_BITS)
  for (let i = 0; i < width * height; i++) {
    const colour = colourAt(i)
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const byCount = [...counts].sort(([, a], [, b]) => b - a).map(([colour]) => colour)
  const palette = byCount.slice(0, MAX_COLOURS)
  const indexOf = new Map(byCount.map((colour) => [colour, nearest(palette, colour)]))
  const rows = Buffer.alloc((width + 1) * height)
  for (let i = 0; i < width * height; i++) {
    rows[Math.floor(i / width) * (width + 1) + 1 + (i % width)] = indexOf.get(colourAt(i))!
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  // The middle of what a colour stands for.
  const colours = Buffer.from(palette.flatMap((colour) => channelsOf(colour).map((value) => value | 4)))
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function channelsOf(colour: number): [number, number, number] {
  return [colour >> 16, (colour >> 8) & 0xff, colour & 0xff]
}

function nearest(palette: readonly number[], colour: number): number {
  const [red, green, blue] = channelsOf(colour)
  let best = 0
  let least = Infinity
  for (const [i, each] of palette.entries()) {
    const [r, g, b] = channelsOf(each)
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2
    if (distance < least) [best, least] = [i, distance]
  }
  return best
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const whole = Buffer.alloc(body.length + 8)
  whole.writeUInt32BE(content.length, 0)
  whole.set(body, 4)
  whole.writeUInt32BE(crc32(body), body.length + 4)
  return whole
}
