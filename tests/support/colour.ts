/** Colour arithmetic for the checks of tokens.css. */

export type Rgb = readonly [number, number, number]

/** Of `#rrggbb`, each 0–1, as displays have them. */
export function rgbOf(hex: string): Rgb {
  const at = (i: number) => parseInt(hex.slice(i, i + 2), 16) / 255
  return [at(1), at(3), at(5)]
}

const linear = (value: number): number =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
const toLinear = ([r, g, b]: Rgb): Rgb => [linear(r), linear(g), linear(b)]

/** Contrast of two colours, 1–21 (WCAG 2.2, "contrast ratio"). */
export function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const [r, g, blue] = toLinear(rgbOf(hex))
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue
  }
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

const apply = (m: readonly Rgb[], [x, y, z]: Rgb): Rgb =>
  m.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Rgb

/** How eyes see: three kinds of colour blindness in full (Machado, Oliveira, Fernandes 2009, severity 1.0). */
export const EYES: Record<'all' | 'protan' | 'deutan' | 'tritan', readonly Rgb[]> = {
  all: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

/** CIELAB (D65) of a colour as some eyes see it. */
export function labOf(hex: string, eyes: readonly Rgb[] = EYES.all): Rgb {
  const seen = apply(eyes, toLinear(rgbOf(hex))).map((value) =>
    Math.min(1, Math.max(0, value)),
  ) as unknown as Rgb
  const [x, y, z] = apply(
    [
      [0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047],
      [0.2126729, 0.7151522, 0.072175],
      [0.0193339 / 1.08883, 0.119192 / 1.08883, 0.9503041 / 1.08883],
    ],
    seen,
  ).map((value) =>
    value > 216 / 24389 ? Math.cbrt(value) : (24389 / 27 / 116) * value + 16 / 116,
  ) as unknown as Rgb
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

const DEGREE = Math.PI / 180

/** CIEDE2000 of two colours in CIELAB (Sharma, Wu, Dalal 2005). */
export function difference([l1, a1, b1]: Rgb, [l2, a2, b2]: Rgb): number {
  const meanC = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2
  const g = 0.5 * (1 - Math.sqrt(meanC ** 7 / (meanC ** 7 + 25 ** 7)))
  const [x1, x2] = [a1 * (1 + g), a2 * (1 + g)]
  const [c1, c2] = [Math.hypot(x1, b1), Math.hypot(x2, b2)]
  const hue = (x: number, b: number) => (x === 0 && b === 0 ? 0 : (Math.atan2(b, x) / DEGREE + 360) % 360)
  const [h1, h2] = [hue(x1, b1), hue(x2, b2)]
  let turn = h2 - h1
  if (turn > 180) turn -= 360
  if (turn < -180) turn += 360
  const isGrey = c1 * c2 === 0
  const dH = isGrey ? 0 : 2 * Math.sqrt(c1 * c2) * Math.sin((turn / 2) * DEGREE)
  const [dL, dC] = [l2 - l1, c2 - c1]
  const [l, c] = [(l1 + l2) / 2, (c1 + c2) / 2]
  const isFar = Math.abs(h1 - h2) > 180
  const h = isGrey ? h1 + h2 : (h1 + h2 + (isFar ? (h1 + h2 < 360 ? 360 : -360) : 0)) / 2
  const cos = (factor: number, offset: number) => Math.cos((factor * h + offset) * DEGREE)
  const t = 1 - 0.17 * cos(1, -30) + 0.24 * cos(2, 0) + 0.32 * cos(3, 6) - 0.2 * cos(4, -63)
  const sL = 1 + (0.015 * (l - 50) ** 2) / Math.sqrt(20 + (l - 50) ** 2)
  const sC = 1 + 0.045 * c
  const sH = 1 + 0.015 * c * t
  const rotation =
    -2 * Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7)) * Math.sin(60 * DEGREE * Math.exp(-(((h - 275) / 25) ** 2)))
  return Math.sqrt((dL / sL) ** 2 + (dC / sC) ** 2 + (dH / sH) ** 2 + rotation * (dC / sC) * (dH / sH))
}

/** The smallest difference of any two of some colours, to eyes of each kind. */
export function smallestDifference(colours: readonly string[], kinds = Object.values(EYES)): number {
  let smallest = Infinity
  for (const eyes of kinds) {
    const seen = colours.map((colour) => labOf(colour, eyes))
    for (const [i, one] of seen.entries())
      for (const other of seen.slice(i + 1)) smallest = Math.min(smallest, difference(one, other))
  }
  return smallest
}
