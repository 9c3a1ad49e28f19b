import { networkInterfaces } from 'node:os'
import type { Timers } from '../../core/timers.ts'

const EVERY_MS = 5000
/** A look that comes later than this: the machine slept. */
const SLEPT_MS = 3 * EVERY_MS

/** The addresses of this machine but loopback and link-local ones, sorted. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/.test(address))
    .map(({ address }) => address)
    .sort()
}

/** Looks every 5 s whether the machine has slept or is on another network. Answers how to stop. */
export function watchNetwork(
  timers: Timers,
  addresses: () => readonly string[],
  changed: (what: 'woke' | 'moved') => void,
): () => void {
  let before = addresses().join()
  let cancel: () => void
  const look = (since: number) => {
    const now = addresses().join()
    const hasMoved = now !== before
    before = now
    const hasSlept = timers.now() - since > SLEPT_MS
    wait()
    if (hasSlept || hasMoved) changed(hasSlept ? 'woke' : 'moved')
  }
  const wait = () => {
    const since = timers.now()
    cancel = timers.after(EVERY_MS, () => look(since))
  }
  wait()
  return () => cancel()
}
