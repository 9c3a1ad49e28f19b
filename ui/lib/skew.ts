import { CLOCK_TOLERANCE_MS, type PeerStatus } from '../../core/api.ts'
import { plain } from './text.ts'
import { duration } from './time.ts'

export interface Clocks {
  /** How far this browser's clock is ahead of the node's, ms; negative: behind. */
  pageAheadMs: number
  peers: readonly Pick<PeerStatus, 'name' | 'clockAheadMs'>[]
}

const isOff = (ms: number): boolean => Math.abs(ms) >= CLOCK_TOLERANCE_MS
const by = (ms: number): string => `${duration(Math.abs(ms))} ${ms > 0 ? 'ahead of' : 'behind'}`

/** Whose clocks are wrong, and by how much, each a sentence or two; nothing while all agree. */
export function clockWarnings({ pageAheadMs, peers }: Clocks): string[] {
  const warnings = isOff(pageAheadMs)
    ? [
        `This browser’s clock is ${by(pageAheadMs)} the node’s. The page goes by the node’s; set the one that is wrong.`,
      ]
    : []
  const met = peers.flatMap(({ name, clockAheadMs }) =>
    clockAheadMs === null ? [] : [{ name: plain(name), aheadMs: clockAheadMs }],
  )
  const off = met.filter(({ aheadMs }) => isOff(aheadMs))
  const [first] = off
  if (!first) return warnings
  const isOurs =
    met.length > 1 && met.every(({ aheadMs }) => isOff(aheadMs) && !isOff(aheadMs - first.aheadMs))
  if (isOurs) {
    return [
      ...warnings,
      `This machine’s clock is ${by(-first.aheadMs)} those of all teammates. Set it right: until then your sessions ` +
        'seem to them older or newer than they are. Nothing is lost.',
    ]
  }
  const said = off.map(({ name, aheadMs }) => `${name}’s clock is ${by(aheadMs)} this machine’s.`)
  return [...warnings, `${said.join(' ')} Until it is set right, times seem older or newer than they are.`]
}
