/** Tells people something, a sentence. */
export type Say = (level: 'info' | 'warning' | 'error', sentence: string) => void
